import { createServer, type IncomingMessage, request as send, type Server } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import type { Execution, LiveSandbox, OutputChunk } from '../../runtime/index.ts';
import { PortForwarder } from './forward-port.ts';

/** A program that listens inside: what it says to its first bytes; undefined: it never takes the connection. */
type Says = string | undefined;

/** A sandbox whose programs only play one answer; it knows which of its connections still stand. */
class PlayedSandbox {
  readonly open = new Set<Execution>();
  started = 0;
  says: Says = 'HTTP/1.1 204 No Content\r\n\r\n';

  asLive(): LiveSandbox {
    return {
      boot: () => Promise.resolve({ exec: () => Promise.resolve(this.#relay(this.says)) }),
    } as unknown as LiveSandbox;
  }

  #relay(says: Says): Execution {
    this.started += 1;
    const queue: OutputChunk[] = [];
    let wake: () => void = () => undefined;
    let isOver = false;
    const say = (text: string): void => {
      queue.push({ stream: 'stdout', bytes: Buffer.from(text, 'latin1') });
      wake();
    };
    const end = (): void => {
      this.open.delete(execution);
      isOver = true;
      wake();
    };
    async function* output(): AsyncGenerator<OutputChunk> {
      for (;;) {
        const chunk = queue.shift();
        if (chunk) yield chunk;
        else if (isOver) return;
        else await new Promise<void>((resolve) => (wake = resolve));
      }
    }
    let isSaid = false;
    const execution = {
      output,
      started: Promise.resolve(7),
      writeInput: () => {
        if (!isSaid) say(says ?? '');
        isSaid = true;
        return Promise.resolve(true);
      },
      closeInput: () => undefined,
      kill: end,
    } as unknown as Execution;
    this.open.add(execution);
    if (says !== undefined) say('\u0001');
    return execution;
  }
}

describe('requests to ports of sandboxes', () => {
  const servers: Server[] = [];
  afterEach(async () => {
    for (const server of servers.splice(0)) {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
  });

  async function world(silenceMs?: number): Promise<{ sandbox: PlayedSandbox; port: number; failures: unknown[] }> {
    const sandbox = new PlayedSandbox();
    const forwarder = new PortForwarder(silenceMs);
    const failures: unknown[] = [];
    const live = sandbox.asLive();
    const server = createServer((request, response) => {
      forwarder.forward(live, 3000, { request, response }).catch((error: unknown) => failures.push(error));
    });
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return { sandbox, port: (server.address() as AddressInfo).port, failures };
  }

  function ask(port: number): Promise<number | undefined> {
    return new Promise((resolve, reject) => {
      const outgoing = send({ host: '127.0.0.1', port, agent: false }, (answer: IncomingMessage) => {
        answer.on('error', () => undefined);
        answer.resume().on('close', () => resolve(answer.statusCode));
      });
      outgoing.on('error', reject).end();
    });
  }

  it.each(['000', '099', '600', '999'])(
    'answer 502 for a status that is none, like %s, and end nothing else',
    async (status) => {
      const { sandbox, port, failures } = await world();
      sandbox.says = `HTTP/1.1 ${status} x\r\ncontent-length: 0\r\n\r\n`;
      expect(await ask(port)).toBe(502);
      sandbox.says = 'HTTP/1.1 201 x\r\ncontent-length: 0\r\n\r\n';
      expect(await ask(port)).toBe(201);
      expect([sandbox.open.size, failures]).toEqual([0, []]);
    },
  );

  it('answer 502 when the program wants another protocol, and let go of it', async () => {
    const { sandbox, port } = await world();
    sandbox.says = 'HTTP/1.1 101 x\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n';
    expect(await ask(port)).toBe(502);
    expect(sandbox.open.size).toBe(0);
  });

  it.each([
    ['that never takes the connection', undefined],
    ['that takes it and says nothing', ''],
    ['that says no more than that it goes on', 'HTTP/1.1 100 x\r\n\r\n'],
  ])('are not held by a program %s', async (_name, says) => {
    const { sandbox, port } = await world(50);
    sandbox.says = says;
    expect(await ask(port)).toBe(502);
    expect(sandbox.open.size).toBe(0);
  });

  it('are not held by an answer that does not go on', async () => {
    const { sandbox, port } = await world(50);
    sandbox.says = 'HTTP/1.1 200 x\r\ncontent-length: 10\r\n\r\nhalf';
    expect(await ask(port)).toBe(200);
    await expect.poll(() => sandbox.open.size).toBe(0);
  });

  it('of those who left before the connection stood hold none', async () => {
    const { sandbox, port } = await world();
    sandbox.says = undefined;
    const sockets = Array.from({ length: 32 }, () => {
      const socket = connect(port, '127.0.0.1');
      socket.write('GET / HTTP/1.1\r\nhost: x\r\n\r\n');
      return socket;
    });
    await expect.poll(() => sandbox.started).toBe(32);
    expect(await ask(port)).toBe(503);
    for (const socket of sockets) socket.destroy();
    await expect.poll(() => sandbox.open.size).toBe(0);
    sandbox.says = 'HTTP/1.1 200 x\r\ncontent-length: 2\r\n\r\nok';
    await expect.poll(() => ask(port)).toBe(200);
  });
});
