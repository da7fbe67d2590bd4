import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Product, startProduct } from '../../../src/main.ts';

/** A product under test with its own folder and port. */
export interface BootedProduct {
  readonly product: Product;
  readonly url: string;
  readonly directory: string;
  readonly configFile: string;
  /** Calls the control API as the owner and returns the JSON of the answer. */
  control(path: string, body?: object): Promise<Record<string, unknown>>;
  /** Drains the product and removes its folder. */
  close(): Promise<void>;
}

/**
 * Boots the whole product on a free port with the given configuration text; without a database, unless the text names
 * one: most journeys need none, and a server for each would make them slow.
 */
export async function bootProduct(
  configText: string,
  environment: { readonly [name: string]: string } = {},
): Promise<BootedProduct> {
  const directory = mkdtempSync(join(tmpdir(), 'switchyard-journey-'));
  const configFile = join(directory, 'switchyard.yaml');
  const database = /^database:/m.test(configText) ? '' : 'database: off\n';
  // Finding out how code is isolated takes a second of hostile programs, which few journeys are about.
  const runtime = /^runtime:/m.test(configText) ? '' : 'runtime: { probe: first-use }\n';
  writeFileSync(configFile, `log: { level: silent }\n${database}${runtime}${configText}`);
  return bootIn(directory, environment);
}

/** Ends a product as SIGTERM would and starts another one on its folder. */
export async function rebootProduct(
  { product, directory }: BootedProduct,
  environment: { readonly [name: string]: string } = {},
): Promise<BootedProduct> {
  await product.drain();
  return bootIn(directory, environment);
}

async function bootIn(directory: string, environment: { readonly [name: string]: string }): Promise<BootedProduct> {
  const configFile = join(directory, 'switchyard.yaml');
  const product = await startProduct({ configFile, port: 0, dataDirectory: join(directory, 'data'), environment });
  return {
    product,
    url: product.url,
    directory,
    configFile,
    async control(path, body) {
      const answer = await fetch(`${product.url}${path}`, {
        method: body === undefined ? 'GET' : 'POST',
        headers: { authorization: `Bearer ${product.ownerToken}`, 'content-type': 'application/json' },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      });
      return { httpStatus: answer.status, ...((await answer.json()) as object) };
    },
    async close() {
      await product.drain();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
