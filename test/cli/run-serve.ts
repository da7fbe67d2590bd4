import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { repositoryRoot } from '../../scripts/lib/repository-root.mjs';

/** A product started as its own process from the sources. */
export interface ServedProduct {
  readonly child: ChildProcess;
  readonly url: string;
  stdout(): string;
  stderr(): string;
  /** Resolves when stdout holds the text. */
  until(text: string): Promise<void>;
  /** Exit code, or the signal that ended it. */
  readonly exited: Promise<number | string>;
}

/** What node is called with to serve from the sources on any free port. */
export const serveCall: readonly string[] = [
  '--import',
  join(repositoryRoot, 'node_modules', 'tsx', 'dist', 'loader.mjs'),
  join(repositoryRoot, 'scripts', 'dev.ts'),
  '--port',
  '0',
];

/** Starts `switchyard serve` in a folder and waits until it is ready. */
export async function runServe(
  folder: string,
  flags: readonly string[] = [],
  environment: { readonly [name: string]: string } = {},
): Promise<ServedProduct> {
  const child = spawn(process.execPath, [...serveCall, ...flags], {
    cwd: folder,
    env: { PATH: process.env['PATH'], ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [stdout, stderr] = ['', ''];
  const listeners = new Set<() => void>();
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    stdout += chunk;
    for (const listener of listeners) listener();
  });
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (stderr += chunk));
  const exited = once(child, 'exit').then(([code, signal]: unknown[]) => (code ?? signal) as number | string);
  const until = (text: string): Promise<void> =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        if (!stdout.includes(text)) return;
        listeners.delete(look);
        resolve();
      };
      listeners.add(look);
      look();
      void exited.then((code) => reject(new Error(`ended with ${code} before saying "${text}": ${stderr}`)));
    });
  await until('listening on http://');
  const url = /listening on (http:\S+)/.exec(stdout)?.[1] ?? '';
  return { child, url, exited, until, stdout: () => stdout, stderr: () => stderr };
}
