import { createServer } from 'node:net';
import { join } from 'node:path';
import { type InboundDialectId } from '../../../src/domain/calls/dialect.ts';
import type { AttemptFact, Fact, FinalFact } from '../../../src/domain/facts/facts.ts';
import { readJournalDirectory } from '../../../src/journal/index.ts';
import { type FakeUpstream, postRaw, type RawAnswer, startFakeUpstream } from '../../fake-upstream/index.ts';
import { bootProduct } from './boot-product.ts';
import { clientDialects, type ClientView, requestOf, viewAnswer } from './client-dialects.ts';
import { answerWords, type Expected, type FaultRow, faultTable } from './fault-table.ts';

/** One row of the table run one way. */
export interface FaultCase {
  readonly name: string;
  readonly model: string;
  readonly row: FaultRow;
  readonly inbound: InboundDialectId;
  readonly upstream: InboundDialectId;
  readonly isStream: boolean;
  readonly hasBackup: boolean;
  readonly expected: Expected;
}

/** Everything there is to see of one case, from all three sides. */
export interface Observed {
  readonly client: ClientView;
  readonly tookMs: number;
  /** Calls that arrived for the faulty and for the healthy endpoint, and those of the first that we broke off. */
  readonly tries: number;
  readonly backup: number;
  readonly aborts: number;
  readonly facts: readonly Fact[];
  readonly attempts: readonly AttemptFact[];
  readonly finals: readonly FinalFact[];
}

/** A translated upstream for each dialect of clients; together they are every dialect. */
const translatedBy: { readonly [Dialect in InboundDialectId]: InboundDialectId } = {
  'openai-chat': 'anthropic-messages',
  'openai-responses': 'openai-chat',
  'anthropic-messages': 'gemini',
  gemini: 'openai-responses',
};
/** Must never be seen by a client or in the journal. */
export const upstreamKey = 'sk-upstream-0123456789abcdef';
const limitMs = 60_000;
const concurrency = 48;
const startGapMs = 20;

/** How the case ends is decided by a time that a busy machine may take for something else. */
const isTimed = ({ row }: FaultCase): boolean =>
  row.host === 'hasty' || row.deadlineMs !== undefined || /gap=\d{3}/.test(row.script ?? '');

/** The whole table in every dialect, passed through and translated, alone and with a second endpoint. */
export function expandTable(): readonly FaultCase[] {
  const cases = faultTable.flatMap((row) =>
    clientDialects.flatMap((inbound) =>
      [inbound, translatedBy[inbound]].flatMap((upstream) => [
        ...expandRow(row, { inbound, upstream, isStream: true }),
        ...expandRow(row, { inbound, upstream, isStream: false }),
      ]),
    ),
  );
  return cases.map((one, at) => ({ ...one, model: `case-${at}` }));
}

function expandRow(
  row: FaultRow,
  way: { inbound: InboundDialectId; upstream: InboundDialectId; isStream: boolean },
): Omit<FaultCase, 'model'>[] {
  const { inbound, upstream, isStream } = way;
  if (row.only && !row.only.includes(upstream)) return [];
  const plain = isStream ? row.stream : row.whole;
  const pair = plain && isStream && inbound !== upstream ? (row.translated ?? plain) : plain;
  if (!pair) return [];
  const name = `${row.id}: ${inbound} client, ${upstream} upstream, ${isStream ? 'stream' : 'whole'}`;
  return [
    { ...way, row, name: `${name}, one endpoint`, hasBackup: false, expected: pair.alone },
    { ...way, row, name: `${name}, two endpoints`, hasBackup: true, expected: pair.pair },
  ];
}

/** Runs all cases against one product and reads its journal after it has stopped. */
export async function runCases(cases: readonly FaultCase[]): Promise<ReadonlyMap<FaultCase, Observed>> {
  const fake = await startFakeUpstream({ recordLimit: 100_000, script: { reply: answerWords.join('') } });
  const booted = await bootProduct(configOf(cases, fake, await closedPort()), { UPSTREAM_KEY: upstreamKey });
  for (const { model, row } of cases) {
    if (row.hugeWord !== undefined) fake.script(`${model}-a`, { reply: 'x'.repeat(row.hugeWord) });
  }
  const seen = new Map<FaultCase, { client: ClientView; tookMs: number }>();
  try {
    const runOne = async (one: FaultCase): Promise<void> => void seen.set(one, await ask(one, booted.url));
    const run = async (queue: FaultCase[], width: number): Promise<void> => {
      const work = async (): Promise<void> => {
        for (let next = queue.shift(); next; next = queue.shift()) await runOne(next);
      };
      await Promise.all(Array.from({ length: width }, work));
    };
    // Client, product and upstream are one process: nobody may keep it busy while the timers of others run. Those with
    // short ones start apart and wait together; those with megabytes come last.
    const waiting: Promise<void>[] = [];
    for (const one of cases.filter(isTimed)) {
      waiting.push(runOne(one));
      await new Promise((resolve) => setTimeout(resolve, startGapMs));
    }
    await Promise.all(waiting);
    const others = cases.filter((one) => !isTimed(one));
    await run(
      others.filter(({ row }) => row.hugeWord === undefined),
      concurrency,
    );
    await run(
      others.filter(({ row }) => row.hugeWord !== undefined),
      2,
    );
    // A call that nobody waits for any more must not stay open.
    await fake.until((stats) => stats.open === 0);
    const calls = callsByModel(fake);
    await booted.product.drain();
    const facts = await factsByRequest(join(booted.directory, 'data', 'journal'));
    return new Map([...seen].map(([one, { client, tookMs }]) => [one, observe(one, { client, tookMs, calls, facts })]));
  } finally {
    await fake.close();
    await booted.close();
  }
}

function configOf(cases: readonly FaultCase[], fake: FakeUpstream, closed: number): string {
  const baseUrl = (dialect: string): string => (dialect === 'gemini' ? fake.geminiUrl : fake.baseUrl);
  const hosts: Record<string, object> = {};
  for (const protocol of clientDialects) {
    const common = { protocol, apiKey: 'env:UPSTREAM_KEY' };
    hosts[`usual-${protocol}`] = { ...common, baseUrl: baseUrl(protocol) };
    hosts[`spare-${protocol}`] = { ...common, baseUrl: baseUrl(protocol) };
    hosts[`closed-${protocol}`] = { ...common, baseUrl: `http://127.0.0.1:${closed}/v1` };
    const timeouts = { firstTokenMs: 2000, idleMs: 1500 };
    hosts[`hasty-${protocol}`] = { ...common, baseUrl: baseUrl(protocol), timeouts };
  }
  const models = Object.fromEntries(
    cases.map(({ model, row, upstream, inbound, hasBackup }) => {
      const script = row.script === undefined ? '' : `;${row.script.replaceAll('&', ';')}`;
      const endpoints: object[] = [
        { host: `${row.host ?? 'usual'}-${upstream}`, model: `${model}-a${script}`, weight: 1_000_000 },
      ];
      // The second endpoint speaks the client's dialect when the first does not, and the other way round.
      const other = upstream === inbound ? translatedBy[inbound] : inbound;
      if (hasBackup) endpoints.push({ host: `spare-${other}`, model: `${model}-b`, weight: 0.000_001 });
      return [model, { endpoints }];
    }),
  );
  // JSON is YAML.
  return `hosts: ${JSON.stringify(hosts)}\nmodels: ${JSON.stringify(models)}\n`;
}

async function ask(one: FaultCase, url: string): Promise<{ client: ClientView; tookMs: number }> {
  const { inbound, isStream, row, model } = one;
  // Where a dialect demands a limit and the client gives none, a default would cut the huge word.
  const more = row.hugeWord !== undefined && inbound === 'openai-chat' ? { max_tokens: 100_000_000 } : {};
  const { path, body } = requestOf(inbound, { model, stream: isStream, more });
  const headers: Record<string, string> = {};
  if (row.deadlineMs !== undefined) headers['x-switchyard-deadline-ms'] = String(row.deadlineMs);
  const startedMs = performance.now();
  const answer = await withLimit(postRaw(`${url}${path}`, body, headers));
  const tookMs = performance.now() - startedMs;
  if (answer === 'hang') return { client: { ...viewAnswer(inbound, isStream, silence), kind: 'hang' }, tookMs };
  return { client: viewAnswer(inbound, isStream, answer), tookMs };
}

const silence: RawAnswer = {
  status: 0,
  headers: {},
  bytes: Buffer.alloc(0),
  text: '',
  pieces: [],
  isComplete: false,
  errorCode: undefined,
};

function withLimit(answer: Promise<RawAnswer>): Promise<RawAnswer | 'hang'> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve('hang'), limitMs);
    void answer.then((value) => {
      clearTimeout(timer);
      resolve(value);
    });
  });
}

type Calls = ReadonlyMap<string, { readonly count: number; readonly aborts: number }>;

function callsByModel(fake: FakeUpstream): Calls {
  const calls = new Map<string, { count: number; aborts: number }>();
  for (const { model, outcome } of fake.stats().recent) {
    const known = calls.get(model) ?? { count: 0, aborts: 0 };
    calls.set(model, { count: known.count + 1, aborts: known.aborts + (outcome === 'aborted' ? 1 : 0) });
  }
  return calls;
}

async function factsByRequest(directory: string): Promise<ReadonlyMap<string, readonly Fact[]>> {
  const facts = new Map<string, Fact[]>();
  for await (const { fact } of readJournalDirectory(directory)) {
    const known = facts.get(fact.requestId);
    if (known) known.push(fact);
    else facts.set(fact.requestId, [fact]);
  }
  return facts;
}

function observe(
  one: FaultCase,
  seen: { client: ClientView; tookMs: number; calls: Calls; facts: ReadonlyMap<string, readonly Fact[]> },
): Observed {
  const { client, tookMs, calls } = seen;
  const facts = seen.facts.get(client.requestId) ?? [];
  const first = calls.get(`${one.model}-a`);
  return {
    client,
    tookMs,
    tries: first?.count ?? 0,
    backup: calls.get(`${one.model}-b`)?.count ?? 0,
    aborts: first?.aborts ?? 0,
    facts,
    attempts: facts.filter((fact) => fact.type === 'attempt'),
    finals: facts.filter((fact) => fact.type === 'final'),
  };
}

/** A loopback port that nobody listens on. */
function closedPort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer();
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 1));
    });
  });
}
