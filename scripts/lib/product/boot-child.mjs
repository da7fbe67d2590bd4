// @ts-check
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { repositoryRoot } from '../repository-root.mjs';

/**
 * The built product in a process of its own.
 * @typedef {object} ChildProduct
 * @property {string} url
 * @property {number} port
 * @property {number} pid
 * @property {number} startMs from spawning to the ready line
 * @property {() => string} log the tail of what it wrote to stderr
 * @property {() => boolean} isRunning
 * @property {(signal: NodeJS.Signals) => Promise<{ code: number | null, signal: NodeJS.Signals | null }>} stop
 */

const maxLogLength = 256 * 1024;
const defaultStartLimitMs = 90_000;

/**
 * Starts `dist` with a configuration file and a data folder on a free port, and waits until it is ready.
 * @param {{ configFile: string, dataDirectory: string, environment?: NodeJS.ProcessEnv,
 *   flags?: readonly string[], startLimitMs?: number }} options
 * @returns {Promise<ChildProduct>}
 */
export function bootChild({
  configFile,
  dataDirectory,
  environment = {},
  flags = [],
  startLimitMs = defaultStartLimitMs,
}) {
  const entry = join(repositoryRoot, 'bin', 'switchyard.js');
  const startedAt = performance.now();
  const parameters = [entry, 'serve', '--config', configFile, '--port', '0', '--data', dataDirectory, ...flags];
  const child = spawn(process.execPath, parameters, {
    cwd: repositoryRoot,
    env: { PATH: process.env['PATH'], HOME: process.env['HOME'], ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let log = '';
  child.stderr.on('data', (/** @type {Buffer} */ chunk) => {
    log = (log + chunk.toString()).slice(-maxLogLength);
  });
  /** @type {Promise<{ code: number | null, signal: NodeJS.Signals | null }>} */
  const exited = new Promise((resolve) => child.once('exit', (code, signal) => resolve({ code, signal })));
  return new Promise((resolve, reject) => {
    let said = '';
    const timer = setTimeout(() => {
      child.kill('SIGKILL');
      reject(new Error(`the product was not ready within ${startLimitMs} ms: ${log}`));
    }, startLimitMs);
    void exited.then(({ code }) => {
      clearTimeout(timer);
      reject(new Error(`the product ended with ${code} before it was ready: ${log}`));
    });
    child.stdout.on('data', (/** @type {Buffer} */ chunk) => {
      if (said.includes('listening on')) return;
      said += chunk.toString();
      const url = /listening on (http:\/\/\S+)/.exec(said)?.[1];
      if (url === undefined) return;
      clearTimeout(timer);
      resolve({
        url,
        port: Number(new URL(url).port),
        pid: child.pid ?? 0,
        startMs: performance.now() - startedAt,
        log: () => log,
        isRunning: () => child.exitCode === null && child.signalCode === null,
        stop: (signal) => {
          child.kill(signal);
          return exited;
        },
      });
    });
  });
}

/**
 * Resident memory of a process in bytes; undefined where the system does not tell.
 * @param {number} pid
 */
export function residentBytes(pid) {
  try {
    const kibibytes = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    return kibibytes === undefined ? undefined : Number(kibibytes) * 1024;
  } catch {
    // No /proc outside Linux.
    return undefined;
  }
}
