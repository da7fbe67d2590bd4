import { describe, expect, it } from 'vitest';
import type { Execution, Exit, OutputChunk } from '../contract.ts';
import { GuestCommand } from './guest-command.ts';

const exit: Exit = {
  code: 0,
  signal: null,
  limitsHit: [],
  startedAtMs: 0,
  wallMs: 0,
  cpuMs: null,
  peakMemoryBytes: null,
  stdoutBytes: 0,
  stderrBytes: 0,
};

/** An execution that writes pieces as fast as they are taken, and counts those. */
function writing(pieces: number, pieceBytes: number): { execution: Execution; taken(): number; killed(): string[] } {
  let taken = 0;
  const killed: string[] = [];
  async function* output(): AsyncGenerator<OutputChunk> {
    while (taken < pieces) {
      taken += 1;
      yield await Promise.resolve({ stream: 'stdout' as const, bytes: Buffer.alloc(pieceBytes, 65) });
    }
  }
  const execution: Execution = {
    id: '1',
    started: Promise.resolve(1),
    output,
    exited: Promise.resolve(exit),
    writeInput: () => Promise.resolve(true),
    closeInput: () => undefined,
    kill: (signal) => void killed.push(signal),
  };
  return { execution, taken: () => taken, killed: () => killed };
}

const command = { program: 'x', arguments: [], environment: {}, user: 'user', takesInput: false };
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('a command in a long-lived sandbox', () => {
  it('tells everything from its first byte to whoever watched from the beginning', async () => {
    const { execution } = writing(10, 3);
    const { events } = new GuestCommand(1, execution, command).watch();
    const heard: string[] = [];
    for await (const event of events) heard.push(event.type);
    expect(heard).toEqual([...Array.from({ length: 10 }, () => 'stdout'), 'end']);
  });

  it('waits for the slowest who watches, with a bounded amount in between', async () => {
    const { execution, taken } = writing(1000, 64 * 1024);
    const started = new GuestCommand(1, execution, command);
    const [slow, fast] = [started.watch(), started.watch()];
    void (async () => {
      for await (const _event of fast.events) continue;
    })();
    await settle();
    await settle();
    expect(taken()).toBeLessThan(10);
    slow.stop();
    await started.over;
    expect(taken()).toBe(1000);
  });

  it('goes on when nobody watches', async () => {
    const { execution, taken } = writing(1000, 64 * 1024);
    await new GuestCommand(1, execution, command).over;
    expect(taken()).toBe(1000);
  });

  it('is ended at its deadline, and says so', async () => {
    let end: (exited: Exit) => void = () => undefined;
    const exited = new Promise<Exit>((resolve) => {
      end = resolve;
    });
    async function* output(): AsyncGenerator<OutputChunk> {
      await exited;
      yield* [];
    }
    const execution: Execution = {
      ...writing(0, 0).execution,
      output,
      exited,
      kill: () => end({ ...exit, code: null }),
    };
    const { events } = new GuestCommand(1, execution, { ...command, deadlineMs: 1 }).watch();
    const heard: string[] = [];
    for await (const event of events) heard.push(event.type);
    expect(heard).toEqual(['deadline']);
  });

  it('takes input only when it was started for it', async () => {
    const { execution } = writing(0, 0);
    expect(await new GuestCommand(1, execution, command).write(Buffer.from('x'))).toBe(false);
    expect(await new GuestCommand(1, execution, { ...command, takesInput: true }).write(Buffer.from('x'))).toBe(true);
  });
});
