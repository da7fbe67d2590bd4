import { StringDecoder } from 'node:string_decoder';
import type { RunEvent } from '../contract.ts';

/**
 * Writes a run's events as lines of JSON. What the guest wrote is always a field of text in a line of ours, so nothing
 * that it prints can pass for an event; bytes that are no text become replacement characters.
 */
export async function* runLines(events: AsyncIterable<RunEvent>): AsyncGenerator<string> {
  const decoders = { stdout: new StringDecoder('utf8'), stderr: new StringDecoder('utf8') };
  const toText = (type: 'stdout' | 'stderr', text: string): string[] => (text === '' ? [] : [line({ type, text })]);
  for await (const event of events) {
    if (event.type === 'stdout' || event.type === 'stderr') {
      yield* toText(event.type, decoders[event.type].write(Buffer.from(event.bytes)));
      continue;
    }
    if (event.type === 'receipt') {
      yield* toText('stdout', decoders.stdout.end());
      yield* toText('stderr', decoders.stderr.end());
    }
    yield line(event);
  }
}

function line(value: object): string {
  return `${JSON.stringify(value)}\n`;
}
