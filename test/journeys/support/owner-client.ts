import { type Client, createClient } from '../../../src/sdk/index.ts';
import type { BootedProduct } from './boot-product.ts';
import { waitUntil } from './wait-until.ts';

/** The control API of a booted product, as its owner. */
export function ownerClient({ product }: BootedProduct): Client {
  return createClient({ url: product.url, ownerToken: product.ownerToken, timeoutMs: 60_000 });
}

/** Resolves when the database of a product is open and has taken in a customer of the configuration. */
export async function databaseOpened(booted: BootedProduct, customer: string): Promise<void> {
  const isKnown = async (): Promise<boolean> =>
    (await booted.control(`/api/v1/customers/${customer}`))['httpStatus'] === 200;
  await waitUntil(isKnown, 'the database is open', 90_000);
}

/** Signs in with the owner token as a browser would, and gives the text of the first page. */
export async function readOverview({ url, product }: BootedProduct): Promise<string> {
  const signedIn = await fetch(`${url}/sign-in`, {
    method: 'POST',
    redirect: 'manual',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams({ token: product.ownerToken }),
  });
  const cookie = signedIn.headers.get('set-cookie')?.split(';')[0] ?? '';
  const page = await fetch(`${url}/`, { headers: { cookie } });
  return page.text();
}
