import type { ClientSink } from '../dispatch/index.ts';
import type { Clock } from '../platform/clock.ts';
import type { TimerWheel } from '../platform/timer-wheel.ts';

/** Waits for work of others as long as its own client does. */
export type Patience = <Value>(work: Promise<Value>) => Promise<Value | 'late'>;

/** Patience that ends when the client leaves or the deadline passes; the work itself goes on. */
export function patienceUntil(
  deadlineMs: number,
  sink: ClientSink,
  { wheel, clock }: { readonly wheel: TimerWheel; readonly clock: Clock },
): Patience {
  return <Value>(work: Promise<Value>) =>
    new Promise<Value | 'late'>((resolve, reject) => {
      const timer = wheel.after(deadlineMs - clock.monotonicMs(), () => resolve('late'));
      const settle = (value: Value | 'late'): void => {
        timer.cancel();
        resolve(value);
      };
      sink.onGone(() => settle('late'));
      work.then(settle, reject);
    });
}
