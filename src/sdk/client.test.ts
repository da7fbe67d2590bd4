import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import { ConnectionError, createClient, ProblemError, SwitchyardError, UnexpectedAnswerError } from './index.ts';

interface Seen {
  readonly method: string | undefined;
  readonly url: string | undefined;
  readonly authorization: string | undefined;
  readonly body: string;
}

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.close();
    server.closeAllConnections();
  }
});

async function serve(answer: (request: IncomingMessage, response: ServerResponse) => void): Promise<{
  url: string;
  seen: Seen[];
}> {
  const seen: Seen[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
    request.on('end', () => {
      seen.push({ method: request.method, url: request.url, authorization: request.headers.authorization, body });
      answer(request, response);
    });
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return { url: `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`, seen };
}

const json = (status: number, body: unknown) => (_request: IncomingMessage, response: ServerResponse) => {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
};

describe('the client of the control API', () => {
  it('asks with the owner token and gives back what was answered', async () => {
    const { url, seen } = await serve(json(200, { requestId: 'req_1', status: 'completed' }));
    const client = createClient({ url: `${url}/`, ownerToken: 'swo_x' });
    expect(await client.requests.get('a/b')).toEqual({ requestId: 'req_1', status: 'completed' });
    expect(seen).toEqual([{ method: 'GET', url: '/api/v1/requests/a%2Fb', authorization: 'Bearer swo_x', body: '' }]);
  });

  it('posts an outcome as JSON', async () => {
    const { url, seen } = await serve(json(201, { type: 'outcome' }));
    await createClient({ url, ownerToken: 't' }).outcomes.post({ requestId: 'req_1', value: 1 });
    expect(seen[0]).toMatchObject({ method: 'POST', url: '/api/v1/outcomes', body: '{"requestId":"req_1","value":1}' });
  });

  it('rejects with the problem of a refused call', async () => {
    const problem = { code: 'not_found', status: 404, title: 'No such object.', detail: 'There is no request x.' };
    const { url } = await serve(json(404, problem));
    const error = await createClient({ url, ownerToken: 't' })
      .requests.get('x')
      .catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(ProblemError);
    expect(error).toBeInstanceOf(SwitchyardError);
    expect(error).toMatchObject({ code: 'not_found', status: 404, message: 'There is no request x.' });
  });

  it('names the address and the reason when nothing listens there, and not the token', async () => {
    const error = await createClient({ url: 'http://127.0.0.1:1', ownerToken: 'swo_secret' })
      .live()
      .catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(ConnectionError);
    expect(String(error)).toContain('http://127.0.0.1:1/api/v1/live');
    expect(String(error)).toMatch(/ECONNREFUSED|bad port/);
    expect(String(error)).not.toContain('swo_secret');
  });

  it('says so when another server answers', async () => {
    const { url } = await serve((_request, response) => response.writeHead(200).end('<html>'));
    await expect(createClient({ url, ownerToken: 't' }).live()).rejects.toBeInstanceOf(UnexpectedAnswerError);
  });

  it('follows no redirect, which could carry the token away', async () => {
    const { url } = await serve((_request, response) => response.writeHead(302, { location: '/other' }).end());
    await expect(createClient({ url, ownerToken: 't' }).live()).rejects.toBeInstanceOf(ConnectionError);
  });

  it('gives up after its time limit, and at once when the caller aborts', async () => {
    const { url } = await serve(() => undefined);
    await expect(createClient({ url, ownerToken: 't', timeoutMs: 30 }).live()).rejects.toThrow('it took too long');
    const abort = new AbortController();
    const pending = createClient({ url, ownerToken: 't' }).live({ signal: abort.signal });
    abort.abort();
    await expect(pending).rejects.toMatchObject({ name: 'AbortError' });
  });
});
