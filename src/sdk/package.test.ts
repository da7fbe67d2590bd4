import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type * as sources from './index.ts';
import { repositoryRoot } from '../../scripts/lib/repository-root.mjs';

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'switchyard-sdk-'))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('the package of the client', () => {
  it('compiles without the types of Node, ships no tests, and works as it is shipped', async () => {
    const compiler = join(repositoryRoot, 'node_modules', 'typescript', 'bin', 'tsc');
    execFileSync(process.execPath, [compiler, '-p', join(repositoryRoot, 'sdk'), '--outDir', folder]);
    expect(existsSync(join(folder, 'index.d.ts'))).toBe(true);
    expect(existsSync(join(folder, 'client.test.js'))).toBe(false);
    const { createClient } = (await import(pathToFileURL(join(folder, 'index.js')).href)) as Pick<
      typeof sources,
      'createClient'
    >;
    const answer = (): Promise<Response> => Promise.resolve(new Response('{"endpoints":[]}'));
    const client = createClient({ url: 'http://gateway.example', ownerToken: 't', fetch: answer });
    expect(await client.live()).toEqual({ endpoints: [] });
  });
});
