import { EventEmitter } from 'node:events';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { listen } from '../listen.ts';
import { ResponseSink } from './response-sink.ts';

let server: Server | undefined;

afterEach(() => server?.close());

/** The bytes that a client gets; with a `reader` it begins to read only at its `go`. */
function bytesOf(answer: (sink: ResponseSink) => void, reader?: EventEmitter): Promise<{ head: string; body: Buffer }> {
  return new Promise((resolve, reject) => {
    const made = createServer((_request, response) => answer(new ResponseSink(response, 300)));
    server = made;
    made.listen(0, '127.0.0.1', () => {
      const { port } = made.address() as AddressInfo;
      const socket = connect(port, '127.0.0.1');
      const chunks: Buffer[] = [];
      socket.on('data', (chunk: Buffer) => chunks.push(chunk));
      if (reader) {
        socket.pause();
        reader.once('go', () => socket.resume());
      }
      socket.on('error', reject);
      socket.on('close', () => {
        const bytes = Buffer.concat(chunks);
        const split = bytes.indexOf('\r\n\r\n');
        resolve({ head: bytes.toString('latin1', 0, split).toLowerCase(), body: bytes.subarray(split + 4) });
      });
      socket.write('GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n');
    });
  });
}

describe('ResponseSink', () => {
  it('tells the length of an answer that is whole', async () => {
    const { head, body } = await bytesOf((sink) => {
      sink.start(200, { 'content-type': 'application/json' });
      sink.end('{"text":"ä"}');
    });
    expect(head).toContain('content-length: 13');
    expect(head).not.toContain('transfer-encoding');
    expect(body.toString()).toBe('{"text":"ä"}');
  });

  it('leaves every byte of an answer as it is, ASCII or not, valid UTF-8 or not', async () => {
    for (const bytes of [Buffer.from('plain'), Buffer.from('ä€😀'), Buffer.from([0xff, 0x00, 0x80]), Buffer.alloc(0)]) {
      const { body } = await bytesOf((sink) => {
        sink.start(200, {});
        sink.end(bytes);
      });
      expect(body.equals(bytes)).toBe(true);
      server?.close();
    }
  });

  it('sends what is written in one turn as one chunk, and the next turn as another', async () => {
    const { body } = await bytesOf((sink) => {
      sink.start(200, {});
      sink.write(Buffer.from('one '));
      sink.write('two ');
      setImmediate(() => {
        sink.write('three ');
        sink.end(Buffer.from('four'));
      });
    });
    expect(body.toString()).toBe('8\r\none two \r\na\r\nthree four\r\n0\r\n\r\n');
  });

  it('counts as started before a byte is sent', async () => {
    let started = false;
    await bytesOf((sink) => {
      sink.start(200, {});
      started = sink.started;
      sink.end();
    });
    expect(started).toBe(true);
  });

  it('asks to pause while the client does not read, and tells when it reads again', async () => {
    const piece = Buffer.alloc(256 * 1024, 0x61);
    const reader = new EventEmitter();
    let isPaused = false;
    const { body } = await bytesOf((sink) => {
      sink.start(200, {});
      sink.onDrain(() => {
        if (isPaused) sink.end('.');
      });
      const more = (): void => {
        if (sink.write(piece)) return void setImmediate(more);
        isPaused = true;
        reader.emit('go');
      };
      more();
    }, reader);
    expect(isPaused).toBe(true);
    expect(body.length).toBeGreaterThan(piece.length);
  });

  it('gives up a client that takes nothing of the end of its answer', async () => {
    let tellOver: () => void = () => undefined;
    const isOver = new Promise<void>((resolve) => {
      tellOver = resolve;
    });
    const made = createServer((_request, response) => {
      response.on('close', tellOver);
      const sink = new ResponseSink(response, 100);
      sink.start(200, {});
      sink.end(Buffer.alloc(64 * 1024 * 1024, 0x61));
    });
    server = made;
    const socket = connect(await listen(made, '127.0.0.1', 0), '127.0.0.1').pause();
    socket.on('error', () => undefined);
    socket.write('GET / HTTP/1.1\r\nhost: x\r\n\r\n');
    await isOver;
    socket.destroy();
  });

  it('breaks the connection, not the process, over a head that HTTP does not allow', async () => {
    const { head } = await bytesOf((sink) => {
      sink.start(200, { 'x-switchyard-model': 'a\r\nb' });
      sink.write('text');
    });
    expect(head).toBe('');
  });
});
