import { describe, expect, it } from 'vitest';
import type { Principal } from '../control/framework/principal.ts';
import { barLength, shareText, usdText } from './amounts.ts';
import { html } from './html.ts';
import type { MoneyFigures, Overview } from './overview.ts';
import { createPagesApp } from './pages-app.ts';
import { Sessions } from './session.ts';

const hostile = `<img src=x onerror="alert('1')">`;
let nowMs = Date.UTC(2026, 10, 22, 9, 30);
const clock = { nowMs: () => nowMs, monotonicMs: () => nowMs };
const principals: { readonly [token: string]: Principal } = {
  swo_right: { name: 'owner', role: 'owner' },
  swa_money: { name: hostile, role: 'finance' },
  swa_customer: { name: 'portal', role: 'viewer', customerId: 'acme' },
};
const known = new Map(Object.entries(principals));

const money: MoneyFigures = {
  spend: [
    {
      label: 'today',
      costNanos: 12_345_678_901n,
      chargeNanos: 15_000_000_000n,
      requests: 1234n,
      unpriced: 2n,
      href: '/rows/usage?from=2026-11-22',
    },
  ],
  days: [{ dayMs: nowMs, costNanos: 5n, chargeNanos: 10n }],
  customers: [
    {
      name: hostile,
      requests: 3n,
      costNanos: 9_000_000_000n,
      chargeNanos: 6_000_000_000n,
      href: '/rows/usage?customer=x',
    },
  ],
  jobs: [],
  estimatedCostNanos: 1n,
  totalCostNanos: 8n,
  unreconciledNanos: null,
  alertCount: 0n,
  alerts: [],
  isSimulatedOnly: true,
  projectedToMs: nowMs - 600_000,
};
const returns = { measuredAtMs: nowMs, reports: [], more: 0, leftOut: 0 };
let shown: Overview = { atMs: nowMs, runningCount: 7, total: 12_345, money, returns, absence: undefined };

const app = createPagesApp({
  sessions: new Sessions('swo_right'),
  clock,
  identify: (token) => Promise.resolve(known.get(token)),
  troubled: (error) => {
    throw error;
  },
  figures: {
    overview: () => Promise.resolve(shown),
    rows: (list) =>
      Promise.resolve(
        list === 'usage'
          ? {
              title: 'Usage',
              lead: '',
              columns: [{ label: 'Customer' }],
              rows: [[{ text: hostile }]],
              filters: [{ name: 'customer', label: 'Customer', value: hostile }],
            }
          : undefined,
      ),
  },
});

async function signIn(token: string, headers: { readonly [name: string]: string } = {}): Promise<Response> {
  return app.request('http://gateway.test/sign-in', {
    method: 'POST',
    headers: { host: 'gateway.test', 'content-type': 'application/x-www-form-urlencoded', ...headers },
    body: new URLSearchParams({ token }).toString(),
  });
}

async function cookieOf(token: string): Promise<string> {
  return ((await signIn(token)).headers.get('set-cookie') ?? '').split(';')[0] ?? '';
}

async function view(path: string, cookie: string): Promise<{ status: number; text: string; headers: Headers }> {
  const answer = await app.request(`http://gateway.test${path}`, { headers: { cookie, accept: 'text/html' } });
  return { status: answer.status, text: await answer.text(), headers: answer.headers };
}

describe('signing in', () => {
  it('gives a cookie that scripts and other sites never get, and that does not show the token', async () => {
    const answer = await signIn('swo_right');
    const cookie = answer.headers.get('set-cookie') ?? '';
    expect([answer.status, answer.headers.get('location')]).toEqual([303, '/']);
    expect(cookie).toMatch(/; Path=\/; HttpOnly; SameSite=Strict$/);
    expect(Buffer.from(cookie, 'base64url').toString('latin1') + cookie).not.toContain('swo_right');
    expect((await signIn('swo_right', { 'x-forwarded-proto': 'https' })).headers.get('set-cookie')).toContain('Secure');
  });

  it.each(['', 'wrong', hostile])('is refused for %j, which is never repeated', async (token) => {
    const answer = await signIn(token);
    expect([answer.status, answer.headers.get('set-cookie')]).toEqual([403, null]);
    expect(await answer.text()).not.toContain('onerror');
  });

  it('is refused for a token of one customer, and in the name of another site', async () => {
    expect((await signIn('swa_customer')).status).toBe(403);
    const foreign: { [name: string]: string }[] = [
      { origin: 'http://evil.test' },
      { origin: 'null' },
      { 'sec-fetch-site': 'cross-site' },
    ];
    for (const headers of foreign) {
      expect((await signIn('swo_right', headers)).status).toBe(403);
    }
    expect((await signIn('swo_right', { origin: 'http://gateway.test' })).status).toBe(303);
  });

  it('ends after half a day, with the token, and for a changed cookie', async () => {
    const cookie = await cookieOf('swa_money');
    expect((await view('/', cookie)).text).toContain('Overview');
    expect((await view('/', `${cookie.slice(0, -2)}AA`)).text).toContain('Sign in');
    known.delete('swa_money');
    expect((await view('/', cookie)).text).toContain('Sign in');
    const own = await cookieOf('swo_right');
    nowMs += 12 * 3_600_000;
    expect((await view('/', own)).text).toContain('Sign in');
  });
});

describe('the overview', () => {
  it('is not there without a sign-in, nor are the rows', async () => {
    expect((await view('/', '')).text).not.toContain('$12.35');
    expect((await view('/rows/usage', '')).status).toBe(303);
  });

  it('shows amounts, links each figure to its rows, and says when only simulated models answered', async () => {
    const { text } = await view('/', await cookieOf('swo_right'));
    expect(text).toContain('$12.35');
    expect(text).toContain('2 without a price');
    expect(text).toContain('Simulated only.');
    for (const href of ['/rows/requests', '/rows/usage?from=2026-11-22', '/rows/reconciliation', '/rows/alerts']) {
      expect(text).toContain(`href="${href}"`);
    }
    expect(text).toContain('−$3.00');
  });

  it('keeps what customers are called from becoming markup, on every page', async () => {
    const cookie = await cookieOf('swo_right');
    for (const path of ['/', '/rows/usage']) {
      const { text } = await view(path, cookie);
      expect(text).not.toContain('<img');
      expect(text).toContain('&lt;img');
    }
  });

  it('lets a browser load and run nothing but what it holds itself', async () => {
    const { headers, text } = await view('/', await cookieOf('swo_right'));
    const policy = headers.get('content-security-policy') ?? '';
    const nonce = /script-src 'nonce-([^']+)'/.exec(policy)?.[1];
    expect(policy).toContain("default-src 'none'");
    expect(text).toContain(`<script nonce="${nonce}">`);
    expect(text).not.toMatch(/ (src|href)="https?:/);
    expect(text).not.toMatch(/ (style|on\w+)="/);
  });

  it('says why there are no figures while there is no database', async () => {
    shown = { ...shown, money: undefined, absence: 'it is starting' };
    const { text } = await view('/', await cookieOf('swo_right'));
    expect(text).toContain('it is starting');
    expect(text).toContain('Requests now');
  });

  it('answers programs with problems and people with pages', async () => {
    const program = await app.request('http://gateway.test/nowhere');
    expect([program.status, program.headers.get('content-type')]).toEqual([404, 'application/problem+json']);
    const person = await view('/nowhere', '');
    expect([person.status, person.text]).toEqual([404, expect.stringContaining('There is no such page.')]);
  });
});

describe('figures', () => {
  it.each([
    [0n, '$0.00'],
    [1n, '$0.000000001'],
    [1_234_567n, '$0.0012'],
    [10_000_000n, '$0.01'],
    [1_234_567_890_123n, '$1,234.57'],
    [-9_999_999n, '−$0.0099'],
    [9_007_199_254_740_993_000n, '$9,007,199,254.74'],
    [null, 'unknown'],
  ])('of %s nano-USD read %s', (nanos, text) => {
    expect(usdText(nanos)).toBe(text);
  });

  it('know no share of nothing and no bar of nothing', () => {
    expect([shareText(1n, 0n), shareText(1n, 3n), shareText(-1n, 2n)]).toEqual(['–', '33.3 %', '−50.0 %']);
    expect([barLength(0n, 5n, 100), barLength(1n, 10_000n, 100), barLength(5n, 5n, 100)]).toEqual([0, 1, 100]);
  });

  it('stand in markup escaped', () => {
    expect(html`<a title="${`"'&`}">${[1, false, undefined, html`<b>${'<'}</b>`]}</a>`.markup).toBe(
      '<a title="&quot;&#39;&amp;">1<b>&lt;</b></a>',
    );
  });
});
