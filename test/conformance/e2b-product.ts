import { createHash } from 'node:crypto';
import { request as send } from 'node:http';
import { Sandbox } from 'e2b';
import { expect } from 'vitest';
import { main } from '../../src/cli/index.ts';
import { findSystemTools } from '../../src/runtime/workspaces/system-tools.ts';
import { createTestTerminal } from '../cli/test-terminal.ts';
import { type BootedProduct, bootProduct, rebootProduct } from '../journeys/support/boot-product.ts';

/** Whether this machine can run sandboxes at all. */
export const hasSandbox = !('reason' in findSystemTools());

const configText = `keys:
  - { name: builder, secret: 'env:BUILDER_KEY' }
  - { name: stranger, secret: 'env:STRANGER_KEY' }
sandboxes: { perKey: 6, keptPerKey: 8, maxTtlSeconds: 3600 }
`;
const environment = { BUILDER_KEY: 'sk-builder-key', STRANGER_KEY: 'sk-stranger-key' };

/** A product that the unmodified package is pointed at, by nothing but what the command prints. */
export class E2bProduct {
  #booted: BootedProduct | undefined;
  readonly #before: { [name: string]: string | undefined } = {};

  get booted(): BootedProduct {
    if (!this.#booted) throw new Error('it was not booted');
    return this.#booted;
  }

  async boot(): Promise<void> {
    this.#booted = await bootProduct(configText, environment);
    await this.#use();
  }

  async reboot(): Promise<void> {
    this.#booted = await rebootProduct(this.booted, environment);
    await this.#use();
  }

  async close(): Promise<void> {
    for await (const id of this.allIds()) await Sandbox.kill(id);
    await this.#booted?.close();
    for (const [name, value] of Object.entries(this.#before)) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
  }

  async *allIds(): AsyncGenerator<string> {
    const pages = Sandbox.list();
    while (pages.hasNext) for (const { sandboxId } of await pages.nextItems()) yield sandboxId;
  }

  /** Runs a command of the product as whoever runs it. */
  async cli(...words: string[]): Promise<string> {
    const terminal = createTestTerminal({ SWITCHYARD_OWNER_TOKEN: this.booted.product.ownerToken });
    const code = await main([...words, '--url', this.booted.url], terminal);
    expect(code, terminal.stderr()).toBe(0);
    return terminal.stdout();
  }

  /** Names below localhost are not known to every resolver; the header is what counts. */
  byHost(
    host: string,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<{ readonly status: number; readonly text: string }> {
    return new Promise((resolve, reject) => {
      const port = Number(new URL(this.booted.url).port);
      const outgoing = send({ host: '127.0.0.1', port, path: '/', headers: { ...headers, host } }, (answer) => {
        const pieces: Buffer[] = [];
        answer.on('data', (piece: Buffer) => pieces.push(piece));
        answer.on('end', () => resolve({ status: answer.statusCode ?? 0, text: Buffer.concat(pieces).toString() }));
      });
      outgoing.on('error', reject);
      outgoing.end();
    });
  }

  /** Sets what the command prints, as a shell would. */
  async #use(): Promise<void> {
    for (const line of (await this.cli('env', 'e2b', '--key', 'sk-builder-key')).trim().split('\n')) {
      const [, name = '', value = ''] = /^export ([A-Z0-9_]+)=(.*)$/.exec(line) ?? [];
      expect(name, line).not.toBe('');
      if (!(name in this.#before)) this.#before[name] = process.env[name];
      process.env[name] = value.replace(/^'(.*)'$/, '$1');
    }
  }
}

/** What the files of a sandbox are, in one word. */
export async function treeHash(sandbox: Sandbox): Promise<string> {
  const { stdout } = await sandbox.commands.run('find . -type f -print0 | sort -z | xargs -0 sha256sum');
  return createHash('sha256').update(stdout).digest('hex');
}
