import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { main } from '../../src/cli/index.ts';
import {
  type ControlHarness,
  createControlHarness,
  testOwnerToken,
} from '../../src/http/control/testing/control-harness.ts';
import { createClient } from '../../src/sdk/index.ts';
import { openTestDatabase, type TestDatabase } from '../../src/storage/testing/open-test-database.ts';
import { createTestTerminal, type TestTerminal } from '../cli/test-terminal.ts';
import { readControlDocument } from './support/control-document.ts';
import { serveControl } from './support/serve-control.ts';

/** A key of a customer's own, as its environment would hold it. */
const credentials = { OWN_KEY: 'sk-of-umbrella-itself' };

let opened: TestDatabase;
let served: { readonly url: string; close(): void };
let harness: ControlHarness;
let terminal: TestTerminal;

beforeAll(async () => {
  opened = await openTestDatabase();
  harness = createControlHarness(opened.database);
  served = await serveControl(harness);
});
afterAll(async () => {
  served?.close();
  await opened?.close();
});
beforeEach(() => {
  terminal = createTestTerminal({ SWITCHYARD_OWNER_TOKEN: testOwnerToken, SWITCHYARD_URL: served.url });
});

/** Runs a command line and gives what it wrote to stdout. Throws what it complained of. */
async function run(line: string): Promise<string> {
  terminal = createTestTerminal({ ...credentials, SWITCHYARD_OWNER_TOKEN: testOwnerToken, SWITCHYARD_URL: served.url });
  const words = (line.match(/"[^"]*"|\S+/g) ?? []).map((word) => word.replaceAll('"', ''));
  const code = await main(words, terminal);
  if (code !== 0) throw new Error(`${code}: ${terminal.stderr()}`);
  return terminal.stdout();
}

const json = async (line: string): Promise<Record<string, unknown>> =>
  JSON.parse(await run(`${line} --json`)) as Record<string, unknown>;

describe('the command line over the control API', () => {
  it('adds a customer with a key, a limit and a wallet, and lists them', async () => {
    expect(await run('customers list')).toContain('default');
    expect(await run('customers create acme --name "Acme GmbH" --time-zone Europe/Berlin')).toContain('Acme GmbH');
    const key = await json('keys create shop --customer acme --models small,job/* --concurrent 50');
    expect(key).toMatchObject({ models: ['small', 'job/*'], limits: { concurrent: 50 }, secret: expect.any(String) });
    expect(await run('keys list --customer acme')).toMatch(/shop +acme .*small,job\/\*/);
    const budget = await json('budgets create --scope customer --name acme --limit 0.25 --period month');
    expect(budget['limitNanos']).toBe('250000000');
    expect(await run('budgets list --customer acme')).toContain('$0.25');
    expect(await json(`budgets update ${String(budget['id'])} --limit 9007199.254740993`)).toMatchObject({
      limitNanos: '9007199254740993',
    });
    expect(await run(`budgets use ${String(budget['id'])}`)).toBe('none\n');
    await run('wallets open acme --may-owe 20');
    await run('wallets grant acme --amount 100 --operation payment-1');
    await run('wallets grant acme --amount 100 --operation payment-1');
    expect(await run('wallets show acme')).toMatch(/balance +\$100\.00/);
    expect(await run('wallets grants acme')).toMatch(/prepaid +\$100\.00/);
    expect(await run('customers update acme --status suspended')).toMatch(/status +suspended/);
  });

  it('shows a new secret once, and says so', async () => {
    await run('customers create globex');
    expect(await run('keys create tool --customer globex')).toMatch(/secret +sk-\S+\n.*cannot be shown again/);
    expect(await run('keys list --customer globex')).not.toContain('sk-');
    expect((await json('keys rotate tool --overlap-hours 0'))['secret']).toMatch(/^sk-/);
    expect(await json('keys revoke tool')).toMatchObject({ status: 'revoked' });
  });

  it('makes tokens for others, and tells who changed what', async () => {
    const made = await json('tokens create books --role finance');
    const asking = createTestTerminal({ SWITCHYARD_OWNER_TOKEN: String(made['secret']), SWITCHYARD_URL: served.url });
    expect(await main(['keys', 'create', 'x', '--customer', 'globex'], asking)).toBe(1);
    expect(asking.stderr()).toMatch(/^switchyard: The token "books" \(finance\) may not do this.*\n$/);
    expect(await run(`tokens revoke ${String(made['id'])}`)).toContain('revoked');
    expect(await run('audit-log list --action access-token.revoke')).toMatch(/owner \(owner\) +access-token\.revoke/);
  });

  it('shows usage, the books and invoices, and closes a month', async () => {
    await run('customers create initech');
    expect(await run('usage show --from 2026-09-01 --to 2026-10-01 --by customer,model')).toBe('none\n');
    const drafted = await json('invoices draft initech --month 2026-09 --tax VAT=19');
    expect(drafted).toMatchObject({ status: 'draft', number: null, lines: [] });
    const closed = await json(`invoices finalise ${String(drafted['id'])}`);
    expect(closed).toMatchObject({ status: 'finalised', sha256: expect.stringMatching(/^[0-9a-f]{64}$/) });
    expect(await run(`invoices void ${String(drafted['id'])} --reason mistake`)).toMatch(/kind +credit_note/);
    expect(await run('invoices list --customer initech')).toMatch(/invoice +initech +void/);
    expect(await json('ledger accounts')).toMatchObject({ sumNanos: '0' });
    expect(await run('prices alerts')).toBe('none\n');
  });

  it('bills a customer in its currency, at a rate that is given with its day and source', async () => {
    await run('customers create hooli --currency EUR');
    await expect(run('invoices draft hooli --month 2026-09')).rejects.toThrow(/billed in EUR/);
    const drafted = await json('invoices draft hooli --month 2026-09 --exchange EUR=0.92@2026-09-30 --rate-source ECB');
    expect(drafted).toMatchObject({ status: 'draft', currency: 'EUR' });
    expect(await run('usage show')).toBe('none\n');
  });

  it('makes plans and puts customers on them, and keeps secrets to itself', async () => {
    await run('customers create umbrella');
    await run('keys create umbrella-key --customer umbrella');
    const plan = await json('plans create reseller --markup 20');
    expect(plan).toMatchObject({ plan: 'reseller', version: 1, terms: { markupPercent: '20' } });
    expect(await json('plans create reseller --markup 25')).toMatchObject({ version: 2 });
    expect((await run('plans list --plan reseller')).split('\n')).toHaveLength(4);
    const started = await json('plans subscribe umbrella --plan reseller --seats 3');
    expect(started).toMatchObject({ customer: 'umbrella', seats: 3, validToMs: null });
    expect(started['planVersionId']).not.toBe(plan['id']);
    expect(await run(`plans show ${String(plan['id'])}`)).toContain('markupPercent');
    const signer = await json('signers create umbrella-key');
    expect(await run('signers list umbrella')).not.toContain(String(signer['secret']));
    expect(await json(`signers revoke ${String(signer['id'])}`)).toMatchObject({ status: 'revoked' });
    expect(await run('credentials set umbrella --host openai --from-env OWN_KEY')).toMatch(/host +openai/);
    expect(await run('credentials list umbrella')).not.toContain(credentials.OWN_KEY);
    expect(await json('credentials remove umbrella --host openai')).toMatchObject({ status: 'removed' });
  });

  it('decides about prices, and shows them through time', async () => {
    expect(await run('prices set own/llama --input 0.15 --output 0.60')).toMatch(/versions opened +1/);
    expect(await run('prices set own/llama --input 0.20 --output 0.60')).toMatch(/versions closed +1/);
    expect(await run('prices list --host own')).toMatch(/own\/llama +manual +0\.20? /);
    const { data } = (await json('prices history own/llama')) as { data: { acceptedBy: string }[] };
    expect(data.map(({ acceptedBy }) => acceptedBy)).toEqual(['owner', 'owner']);
    expect(await run('audit-log list --action price.set')).toContain('own/llama');
    expect(await run('prices release own/llama')).toContain('own/llama');
  });

  it('imports a bill, compares it, posts the difference, and finds the books equal', async () => {
    const file = join(mkdtempSync(join(tmpdir(), 'switchyard-bill-')), 'march.csv');
    writeFileSync(file, 'date,model_permaslug,usage,prompt_tokens,completion_tokens\n2026-03-01,m,1.5,10,20\n');
    const bill = await json(`reconciliation import ${file}`);
    expect(bill).toMatchObject({ host: 'openrouter', rows: 1, isRepeated: false });
    expect(await json(`reconciliation import ${file}`)).toMatchObject({ id: bill['id'], isRepeated: true });
    expect(await run(`reconciliation report ${String(bill['id'])}`)).toContain('theirs $1.50, delta');
    const posted = await json(`reconciliation post ${String(bill['id'])}`);
    expect(posted).toMatchObject({ varianceNanos: '1500000000' });
    const { data } = (await json('ledger transactions --kind reconciliation')) as { data: { entries: object[] }[] };
    expect(data[0]?.entries).toMatchObject([{ amountNanos: '1500000000' }, { amountNanos: '-1500000000' }]);
    expect(await json('ledger check')).toMatchObject({ ok: true, problems: [] });
    expect(await run('ledger quarantine list')).toBe('none\n');
    expect(await run('ledger projections')).toBe('none\n');
    expect(await run('gateways list')).toBe('none\n');
    expect(await run('outbox show')).toBe('none\n');
  });

  it('explains the cost of a request with the arithmetic', async () => {
    const requestId = `req_${'c'.repeat(32)}`;
    const asked = { type: 'attempt', requestId, attempt: 1, host: 'own', upstreamModel: 'llama' } as const;
    const went = { dialect: 'openai-chat', startedAtMs: 1_790_000_000_000, totalMs: 5, flags: [] } as const;
    const ended = { type: 'final', requestId, atMs: 1_790_000_000_010, status: 'completed', httpStatus: 200 } as const;
    const billed = {
      key: 'k',
      customer: 'default',
      model: 'llama',
      attempts: 1,
      cache: 'bypass',
      totalMs: 10,
    } as const;
    await harness.journal.commit(
      { ...asked, ...went, usage: { input: 3 }, costNanos: null },
      { ...ended, ...billed, costNanos: null, chargeNanos: null, planVersionId: 'at-cost@1' },
    );
    expect(await run(`explain cost ${requestId}`)).toMatch(
      /own\/llama[\s\S]*price unknown: input[\s\S]*charge: unknown/,
    );
  });

  it('walks through long lists page by page', async () => {
    for (const name of ['p1', 'p2', 'p3']) await run(`customers create ${name}`);
    const first = await json('customers list --limit 2');
    const second = await json(`customers list --limit 200 --cursor ${String(first['nextCursor'])}`);
    const ids = [first, second].flatMap((page) => (page['data'] as { id: string }[]).map(({ id }) => id));
    expect(ids).toEqual([...new Set(ids)].sort());
    expect(ids).toEqual(expect.arrayContaining(['default', 'p1', 'p2', 'p3']));
  });

  it.each([
    ['customers show nobody', 1, 'There is no customer "nobody".'],
    ['customers create acme2 --time-zone Mars/Base', 1, 'timeZone must be a time zone'],
    ['budgets create --scope customer --name a --limit five --period day', 2, '--limit must be an amount'],
    ['budgets create --scope planet --name a --limit 5 --period day', 2, '--scope must be one of'],
    ['tokens create x --role king', 2, '--role must be one of'],
    ['keys create k --customer nobody', 1, 'There is no customer "nobody".'],
  ])('%s fails in one sentence', async (line, code, words) => {
    expect(await main(line.split(' '), terminal)).toBe(code);
    expect(terminal.stderr()).toContain(words);
    expect(terminal.stderr()).not.toContain('    at ');
  });
});

describe('the client package', () => {
  it('has a method for every route of the document, with its method and path', async () => {
    const { operations } = await readControlDocument(createControlHarness(opened.database));
    const called: string[] = [];
    const client = createClient({
      url: 'http://gateway.test',
      ownerToken: 't',
      fetch: (url, init) => {
        const { pathname } = new URL(String(url));
        // A second id is an object or absent here: it stands in the path as such.
        const path = decodeURIComponent(pathname).replace(/\[object Object\]|undefined/g, 'x');
        called.push(`${init?.method ?? 'GET'} ${path.replace('/api/v1', '')}`);
        return Promise.resolve(new Response('{}', { status: 200 }));
      },
    });
    await callEverything(client as unknown as { readonly [name: string]: unknown });
    const wanted = operations.map(({ method, path }) => `${method} ${path.replace(/\{\w+\}/g, 'x')}`);
    expect(called.sort()).toEqual(wanted.sort());
  });
});

/** Waits for an answer, or for the first event where answers are streams: nothing is asked before that. */
async function finish(answer: unknown): Promise<void> {
  const isStream = typeof answer === 'object' && answer !== null && Symbol.asyncIterator in answer;
  if (isStream)
    await (answer as AsyncIterable<unknown>)
      [Symbol.asyncIterator]()
      .next()
      .catch(() => undefined);
  else await answer;
}

/** Calls each function of the client with placeholders: a text where an id stands, an object where a body stands. */
async function callEverything(client: { readonly [name: string]: unknown }): Promise<void> {
  for (const member of Object.values(client)) {
    if (typeof member === 'object' && member !== null) await callEverything({ ...member });
    else if (typeof member === 'function') await finish((member as (...words: unknown[]) => unknown)('x', {}, {}));
  }
}
