import type { Context } from 'hono';
import { Fault } from '../../../domain/faults/fault.ts';

/** Reads the text of a body up to a bound, whether or not its size was announced; nothing when none was sent. */
export async function readText(context: Context, mostBytes: number): Promise<string> {
  const request = context.req;
  if (Number(request.header('content-length') ?? 0) > mostBytes) throw tooLarge(mostBytes);
  const { body } = request.raw;
  if (body === null) return '';
  const pieces: Uint8Array[] = [];
  let size = 0;
  for await (const piece of body as AsyncIterable<Uint8Array>) {
    size += piece.length;
    if (size > mostBytes) throw tooLarge(mostBytes);
    pieces.push(piece);
  }
  // As a decoder of the platform would: without a mark of the byte order.
  return new TextDecoder().decode(Buffer.concat(pieces));
}

function tooLarge(mostBytes: number): Fault {
  return new Fault('too_large', { message: `The body may have at most ${mostBytes} bytes.`, param: 'body' });
}
