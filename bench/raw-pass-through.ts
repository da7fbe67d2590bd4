import { createServer, type ServerResponse } from 'node:http';
import { type AddressInfo } from 'node:net';
import { type Dispatcher, Pool } from 'undici';

// The limit of this stack: one body in, one call out, bytes back. No keys, no parsing, no facts.
const pool = new Pool(process.argv[2] ?? '', { connections: 4096, pipelining: 1 });
const headers = { authorization: 'Bearer upstream', 'content-type': 'application/json' };

const answerTo = (response: ServerResponse): Dispatcher.DispatchHandler => {
  let upstream: Dispatcher.DispatchController | undefined;
  response.on('drain', () => upstream?.resume());
  response.on('close', () => {
    if (!response.writableFinished) upstream?.abort(new Error('client gone'));
  });
  return {
    onRequestStart(controller) {
      upstream = controller;
    },
    onResponseStart(_controller, status, { 'content-type': contentType, 'content-length': length }) {
      response.writeHead(status, {
        'content-type': String(contentType),
        ...(length && { 'content-length': String(length) }),
      });
    },
    onResponseData(controller, chunk) {
      if (!response.write(chunk)) controller.pause();
    },
    onResponseEnd: () => response.end(),
    onResponseError: () => response.destroy(),
  };
};

const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    const call = { path: request.url ?? '/', method: 'POST', headers, body: Buffer.concat(chunks) } as const;
    pool.dispatch(call, answerTo(response));
  });
});
server.listen(0, '127.0.0.1', () => process.send?.({ port: (server.address() as AddressInfo).port }));
process.on('disconnect', () => process.exit());
