import type { Frame } from '../answers/answer.ts';
import type { Framing } from '../answers/framing.ts';
import type { Position, Script } from './script.ts';

/** One thing the delivery does. */
export type Step =
  | { readonly type: 'write'; readonly bytes: Buffer; readonly waitMs: number; readonly tokens: number }
  | { readonly type: 'cut' }
  | { readonly type: 'stall' };

/** A stream to be planned. */
export interface StreamPlan {
  readonly frames: readonly Frame[];
  readonly framing: Framing;
  readonly script: Script;
  /** Events that report the scripted error, given the number of frames sent before. */
  errorFrames(sent: number): readonly Frame[];
}

/** Lays out a stream as steps, with the faults of its script put in their places. */
export function planStream(plan: StreamPlan): Step[] {
  const { script, framing } = plan;
  const events = placeFaults(plan);
  const steps: Step[] = [];
  let contents = 0;
  for (const [at, event] of events.entries()) {
    if (event.type !== 'frame') {
      steps.push(event);
      return finishSteps(steps, script);
    }
    const isContent = event.frame.kind === 'content';
    const place = { isFirst: at === 0, isLast: at + 1 === events.length, isDamaged: event.isDamaged };
    const body = framing.encode(event.frame, place);
    const head = at === 0 ? Buffer.from(framing.head) : undefined;
    const tail = place.isLast && framing.tail !== '' ? Buffer.from(framing.tail) : undefined;
    const bytes = Buffer.concat([head, body, tail].filter((part) => part !== undefined));
    const waitMs = isContent ? contentWait(script, contents) : 0;
    steps.push({ type: 'write', bytes, waitMs, tokens: event.frame.tokens });
    if (isContent) contents += 1;
  }
  return finishSteps(steps, script);
}

/** Lays out a body sent at once; a fault after the status line leaves half of it. */
export function planBody(body: Buffer, script: Script): Step[] {
  const waitMs = script.delay ?? 0;
  const stop = stopOf(script);
  if (stop === undefined) return finishSteps([{ type: 'write', bytes: body, waitMs, tokens: 0 }], script);
  if (stop.position === 'body') return [stop.step];
  const half = body.subarray(0, Math.floor(body.length / 2));
  return [{ type: 'write', bytes: half, waitMs, tokens: 0 }, stop.step];
}

type PlacedEvent =
  | { readonly type: 'frame'; readonly frame: Frame; readonly isDamaged: boolean }
  | { readonly type: 'cut' }
  | { readonly type: 'stall' };

function placeFaults(plan: StreamPlan): PlacedEvent[] {
  const { frames, script } = plan;
  const stop = stopOf(script);
  if (stop?.position === 'body') return [stop.step];
  const placed: PlacedEvent[] = [];
  const lastContent = frames.filter((frame) => frame.kind === 'content').length;
  const isAt = (position: Position | undefined, contents: number): boolean =>
    typeof position === 'number' && Math.min(position, lastContent) === contents;
  let contents = 0;
  let isDamagePending = script.malformed !== undefined;
  for (const frame of frames) {
    const isOutput = frame.kind === 'content' || frame.kind === 'finish';
    if (isOutput && isAt(script.error, contents)) {
      const failed = plan.errorFrames(placed.length);
      return [...placed, ...failed.map((entry): PlacedEvent => ({ type: 'frame', frame: entry, isDamaged: false }))];
    }
    if (isOutput && isAt(stop?.position, contents)) return stop === undefined ? placed : [...placed, stop.step];
    const isDamaged = isOutput && isDamagePending && isAt(script.malformed, contents);
    if (isDamaged) isDamagePending = false;
    placed.push({ type: 'frame', frame, isDamaged });
    if (frame.kind === 'content') contents += 1;
    if (frame.kind === 'finish' && stop?.position === 'finish') return [...placed, stop.step];
  }
  return placed;
}

function stopOf(script: Script): { position: Position; step: { type: 'cut' } | { type: 'stall' } } | undefined {
  if (script.cut !== undefined) return { position: script.cut, step: { type: 'cut' } };
  return script.stall === undefined ? undefined : { position: script.stall, step: { type: 'stall' } };
}

function contentWait(script: Script, contents: number): number {
  return (contents === 0 ? script.delay : script.gap) ?? 0;
}

function finishSteps(steps: readonly Step[], script: Script): Step[] {
  return script.bytes === undefined ? [...steps] : splitSteps(steps, Math.max(1, Math.floor(script.bytes)));
}

/** Cuts the bytes into equal pieces across event borders, as a network would; a pause keeps its place. */
function splitSteps(steps: readonly Step[], sizeBytes: number): Step[] {
  const result: Step[] = [];
  let pending: { bytes: Buffer[]; tokens: number; waitMs: number } | undefined;
  const flush = (): void => {
    if (pending === undefined) return;
    const all = Buffer.concat(pending.bytes);
    for (let from = 0; from < all.length; from += sizeBytes) {
      const isFirst = from === 0;
      const bytes = all.subarray(from, from + sizeBytes);
      result.push({ type: 'write', bytes, waitMs: isFirst ? pending.waitMs : 0, tokens: isFirst ? pending.tokens : 0 });
    }
    pending = undefined;
  };
  for (const step of steps) {
    if (step.type === 'write' && step.waitMs === 0 && pending !== undefined) {
      pending.bytes.push(step.bytes);
      pending.tokens += step.tokens;
      continue;
    }
    flush();
    if (step.type === 'write') pending = { bytes: [step.bytes], tokens: step.tokens, waitMs: step.waitMs };
    else result.push(step);
  }
  flush();
  return result;
}
