import { type AddressInfo, createServer, type Socket } from 'node:net';
import { chatDelta, chatEnding, httpChunk, streamEnd, streamHead } from './prepared-answers.ts';
import { pacedModel, workloads } from './workloads.ts';

// Answers from bytes made once, over bare sockets: what is measured is whatever stands before it, not itself.
// Whoever asks the paced model gets a chunk every `gapMs`, stamped with the time it left.

const gapMs = 20;
const chunksOfPacedStream = 200;
const headEnd = Buffer.from('\r\n\r\n');
const streamMark = Buffer.from('"stream":true');
const pacedMark = Buffer.from(`"model":"${pacedModel}"`);
const pacedEnding = Buffer.from(`${chatEnding().map(httpChunk).join('')}${streamEnd.toString()}`);

/** Streams due in the same millisecond of the 20 share a set: one timer for all of them. */
const slots = Array.from({ length: gapMs }, () => new Set<PacedStream>());
let slotNow = 0;

interface PacedStream {
  readonly socket: Socket;
  left: number;
}

function answerOf(path: string, body: Buffer): Buffer | undefined {
  const isStream = body.includes(streamMark);
  return workloads.find((workload) => workload.path === path && workload.stream === isStream)?.answer;
}

function startPaced(socket: Socket): void {
  const stream: PacedStream = { socket, left: chunksOfPacedStream };
  const slot = slots[slotNow % gapMs];
  socket.write(streamHead);
  slot?.add(stream);
  socket.once('close', () => slot?.delete(stream));
}

function writePaced(stream: PacedStream): void {
  stream.left--;
  const stamp = `@${Math.round(performance.timeOrigin * 1000 + performance.now() * 1000)}`;
  stream.socket.write(httpChunk(chatDelta(stamp)));
  if (stream.left > 0) return;
  for (const slot of slots) slot.delete(stream);
  stream.socket.write(pacedEnding);
}

function keepPace(): void {
  const startMs = performance.now();
  const tick = (): void => {
    const due = Math.floor(performance.now() - startMs);
    for (; slotNow < due; slotNow++) for (const stream of slots[slotNow % gapMs] ?? []) writePaced(stream);
  };
  setInterval(tick, 1);
}

/** Takes one request after another from a connection; there is never more than one under way. */
function serve(socket: Socket): void {
  let pending: Buffer = Buffer.alloc(0);
  socket.setNoDelay(true);
  socket.on('error', () => socket.destroy());
  socket.on('data', (chunk: Buffer) => {
    pending = pending.length === 0 ? chunk : Buffer.concat([pending, chunk]);
    const bodyStart = pending.indexOf(headEnd) + headEnd.length;
    if (bodyStart < headEnd.length) return;
    const head = pending.toString('latin1', 0, bodyStart);
    const length = Number(/\r\ncontent-length: *(\d+)/i.exec(head)?.[1] ?? 0);
    if (pending.length < bodyStart + length) return;
    const body = pending.subarray(bodyStart, bodyStart + length);
    pending = Buffer.alloc(0);
    if (body.includes(pacedMark)) return startPaced(socket);
    const answer = answerOf(head.slice(head.indexOf(' ') + 1, head.indexOf(' HTTP/')), body);
    if (answer) socket.write(answer);
    else socket.end('HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\nconnection: close\r\n\r\n');
  });
}

const server = createServer(serve);
server.listen({ port: 0, host: '127.0.0.1', backlog: 4096 }, () => {
  keepPace();
  process.send?.({ port: (server.address() as AddressInfo).port });
});
process.on('disconnect', () => process.exit());
