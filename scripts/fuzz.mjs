// @ts-check
// Feeds the product malformed bodies, heads and streams from both sides:
// `node scripts/fuzz.mjs [--cases 200000] [--http 10000] [--seed N] [--from N] [--http-from N]`.
// Of all cases, `--http` go over sockets against the booted product; the others run in this process, where a decoder
// takes them in a fraction of a millisecond. The last line is `N passed, N failed`.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startHostileUpstream } from './lib/fuzz/hostile-upstream.mjs';
import { inProcessCases } from './lib/fuzz/in-process.mjs';
import { hostileConfig, hostileEnvironment, runHttpCases } from './lib/fuzz/over-http.mjs';
import { runCases } from './lib/fuzz/run-cases.mjs';
import { bootChild, residentBytes } from './lib/product/boot-child.mjs';
import { buildProduct } from './lib/product/load-built.mjs';
import { readNumbers } from './lib/product/read-flags.mjs';

/** Of the cases over HTTP, so many warm the product up before its memory is measured. */
const warmShare = 0.5;
/** What the heap may swing between two collections. */
const slackBytes = 48 * 1024 * 1024;
const mebibyte = 1024 * 1024;

/**
 * @param {{ seed: number, from: number, count: number }} range
 * @returns {Promise<string[]>}
 */
async function fuzzOverHttp({ seed, from, count }) {
  if (count === 0) return [];
  const directory = mkdtempSync(join(tmpdir(), 'switchyard-fuzz-'));
  const upstream = await startHostileUpstream();
  const configFile = join(directory, 'switchyard.yaml');
  writeFileSync(configFile, hostileConfig(upstream.port));
  const environment = { ...hostileEnvironment, SWITCHYARD_OWNER_TOKEN: 'owner-of-fuzz' };
  const product = await bootChild({ configFile, dataDirectory: join(directory, 'data'), environment });
  const { port } = product;
  const warm = Math.floor(count * warmShare);
  const failures = await runHttpCases({ port, seed, from, count: warm });
  const warmBytes = residentBytes(product.pid) ?? 0;
  failures.push(...(await runHttpCases({ port, seed, from: from + warm, count: count - warm })));
  const endBytes = residentBytes(product.pid) ?? 0;
  failures.push(...(await judgeProduct(product)));
  if (endBytes > warmBytes + slackBytes) {
    failures.push(`memory grew from ${warmBytes / mebibyte} to ${endBytes / mebibyte} MiB after the warm-up`);
  }
  process.stdout.write(
    `${count} cases over HTTP, ${upstream.requests()} of them reached the upstream; ` +
      `resident ${Math.round(warmBytes / mebibyte)} MiB after the warm-up, ${Math.round(endBytes / mebibyte)} MiB at the end\n`,
  );
  const { code } = await product.stop('SIGTERM');
  if (code !== 0) failures.push(`the product ended with ${code}: ${product.log().slice(-2000)}`);
  await upstream.close();
  rmSync(directory, { recursive: true, force: true });
  return failures;
}

/**
 * What must hold when it is over: alive, nothing left running, nothing logged as a defect.
 * @param {import('./lib/product/boot-child.mjs').ChildProduct} product
 */
async function judgeProduct(product) {
  if (!product.isRunning()) return [`the product died: ${product.log().slice(-2000)}`];
  const failures = [];
  const live = await fetch(`${product.url}/api/v1/live`, { headers: { authorization: 'Bearer owner-of-fuzz' } });
  const { requests } = /** @type {{ requests: { runningCount: number } }} */ (await live.json());
  if (requests.runningCount > 0) failures.push(`${requests.runningCount} exchanges are still running`);
  const log = product.log();
  const defect = log.split('\n').find((line) => line.includes('defect') || line.includes('unhandled'));
  if (defect !== undefined) failures.push(`logged: ${defect.slice(0, 2000)}`);
  if (log.includes(hostileEnvironment.FUZZ_SECRET)) failures.push('a secret was logged');
  return failures;
}

const flags = readNumbers({ cases: 200_000, http: 10_000, seed: 1, from: 0, 'http-from': 0 });
const { cases, seed, from } = flags;
const overHttp = Math.min(flags.http, cases);
await buildProduct();
const startedAt = performance.now();
const failures = runCases(await inProcessCases(), { seed, from, count: cases - overHttp });
const inProcessMs = performance.now() - startedAt;
process.stdout.write(`${cases - overHttp} cases in process took ${Math.round(inProcessMs / 1000)} s\n`);
failures.push(...(await fuzzOverHttp({ seed, from: flags['http-from'], count: overHttp })));
for (const failure of failures) process.stdout.write(`${failure}\n`);
const failed = failures.length + (cases === 0 ? 1 : 0);
process.stdout.write(`${Math.max(0, cases - failed)} passed, ${failed} failed\n`);
process.exitCode = failed > 0 ? 1 : 0;
