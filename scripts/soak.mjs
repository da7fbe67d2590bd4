// @ts-check
// A long run of short requests, one in five of them left by its client, and what remains of it:
// `node scripts/soak.mjs [--requests 1000000] [--seed N]`. The last line is `N passed, N failed`.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { bootChild, residentBytes } from './lib/product/boot-child.mjs';
import { buildProduct, loadBuilt } from './lib/product/load-built.mjs';
import { readNumbers } from './lib/product/read-flags.mjs';
import { seededRandom } from './lib/product/seeded-random.mjs';

const clients = 32;
const leavingShare = 0.2;
/** Memory is compared once caches, pools and compiled code have their size. */
const warmShare = 0.4;
const slackBytes = 64 * 1024 * 1024;
const mebibyte = 1024 * 1024;
const settleLimitMs = 5000;
const paths = ['/v1/chat/completions', '/v1/messages', '/v1/responses'];

/**
 * One request; resolves when it is over, however it ended.
 * @param {{ agent: Agent, url: string, random: import('./lib/product/seeded-random.mjs').SeededRandom }} call
 * @returns {Promise<'answered' | 'left' | 'broken'>}
 */
function ask({ agent, url, random }) {
  const leaves = random.chance(leavingShare);
  const leavesEarly = random.chance(0.5);
  const body = {
    model: leaves ? 'slow' : 'quick',
    stream: random.chance(0.5),
    max_tokens: 50,
    messages: [{ role: 'user', content: 'Hello' }],
    input: 'Hello',
  };
  return new Promise((resolve) => {
    const outgoing = request(`${url}${random.pick(paths)}`, {
      agent,
      method: 'POST',
      headers: { 'content-type': 'application/json' },
    });
    const leave = () => {
      outgoing.destroy();
      resolve('left');
    };
    outgoing.on('error', () => resolve('broken'));
    outgoing.on('response', (incoming) => {
      if (leaves) incoming.once('data', leave);
      incoming.on('error', () => undefined);
      incoming.on('close', () => resolve(incoming.complete && incoming.statusCode === 200 ? 'answered' : 'broken'));
      incoming.resume();
    });
    outgoing.end(JSON.stringify(body));
    if (leaves && leavesEarly) setTimeout(leave, random.below(5));
  });
}

/**
 * @param {{ url: string, count: number, seed: number }} run
 */
async function runRequests({ url, count, seed }) {
  const agent = new Agent({ keepAlive: true, maxSockets: clients });
  const random = seededRandom(seed);
  const outcomes = { answered: 0, left: 0, broken: 0 };
  let started = 0;
  const work = async () => {
    while (started < count) {
      started += 1;
      outcomes[await ask({ agent, url, random })] += 1;
    }
  };
  await Promise.all(Array.from({ length: clients }, work));
  agent.destroy();
  return outcomes;
}

/**
 * @param {() => Promise<boolean>} condition
 */
async function holdsSoon(condition) {
  for (let waitedMs = 0; waitedMs < settleLimitMs; waitedMs += 20) {
    if (await condition()) return true;
    await sleep(20);
  }
  return false;
}

const { requests, seed } = readNumbers({ requests: 1_000_000, seed: 1 });
await buildProduct();
const { startSimulator } = await loadBuilt('simulator/index.js');
const upstream = await startSimulator({ recordLimit: 0 });
const directory = mkdtempSync(join(tmpdir(), 'switchyard-soak-'));
const configFile = join(directory, 'switchyard.yaml');
writeFileSync(
  configFile,
  `log: { level: error }\ndatabase: off\nruntime: { enabled: false }\nhosts:\n  acme: { protocol: openai-chat, baseUrl: ${upstream.url}/v1 }\nmodels:\n` +
    '  quick: { endpoints: [{ host: acme, model: "m?chunks=3" }] }\n' +
    '  slow: { endpoints: [{ host: acme, model: "m?chunks=100&gap=20" }] }\n',
);
const environment = { SWITCHYARD_OWNER_TOKEN: 'owner-of-soak' };
const product = await bootChild({ configFile, dataDirectory: join(directory, 'data'), environment });
const warm = Math.floor(requests * warmShare);
const first = await runRequests({ url: product.url, count: warm, seed });
const warmBytes = residentBytes(product.pid) ?? 0;
const second = await runRequests({ url: product.url, count: requests - warm, seed: seed + 1 });
const endBytes = residentBytes(product.pid) ?? 0;

const failures = [];
const isIdle = async () => {
  const headers = { authorization: 'Bearer owner-of-soak' };
  const live = await (await fetch(`${product.url}/api/v1/live`, { headers })).json();
  return /** @type {any} */ (live).requests.runningCount === 0 && upstream.stats().open === 0;
};
if (!(await holdsSoon(isIdle))) failures.push(`exchanges or upstream calls are left: ${upstream.stats().open} open`);
if (endBytes > warmBytes + slackBytes) failures.push('memory grew after the warm-up');
const broken = first.broken + second.broken;
if (broken > 0) failures.push(`${broken} answers were broken`);
const { code } = await product.stop('SIGTERM');
if (code !== 0) failures.push(`the product ended with ${code}: ${product.log().slice(-2000)}`);
await upstream.close();
rmSync(directory, { recursive: true, force: true });
process.stdout.write(
  `${first.answered + second.answered} answered, ${first.left + second.left} left by their clients; ` +
    `resident ${Math.round(warmBytes / mebibyte)} MiB after the warm-up, ${Math.round(endBytes / mebibyte)} MiB at the end\n`,
);
for (const failure of failures) process.stdout.write(`${failure}\n`);
process.stdout.write(`${Math.max(0, requests - failures.length)} passed, ${failures.length} failed\n`);
process.exitCode = failures.length > 0 ? 1 : 0;
