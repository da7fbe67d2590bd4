import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { formatNanosAsUsd } from '../../domain/money.ts';
import { type Client, createClient, type RequestRecord } from '../../sdk/index.ts';
import { exitCodes } from '../shell/cli-error.ts';
import { type Terminal, writeLine } from '../shell/terminal.ts';

const secret = 'sk-demo-acme-0123456789';
const configuration = `jobs:
  summarize:
    description: Summaries for the demo.
    models: [sim/small, sim/large]
plans:
  reseller: { markupPercent: 20 }
customers:
  - { name: acme, plan: reseller }
keys:
  - { name: acme-key, secret: "env:DEMO_KEY", customer: acme }
database: off
log: { level: silent }
`;
const prompt = 'Summarize: the cache is keyed by prefix, so a changed system prompt empties it.';
/** More than enough evidence to move a decision, and little enough to read. */
const maxOutcomes = 5;

/** Tells the loop on simulated models: request, attempt, durable fact, cost, charge, outcome, another decision. */
export async function runDemo(terminal: Terminal): Promise<number> {
  const { startProduct } = await import('../../main.ts');
  const folder = await mkdtemp(join(tmpdir(), 'switchyard-demo-'));
  const configFile = join(folder, 'switchyard.yaml');
  await writeFile(configFile, configuration);
  const environment = { DEMO_KEY: secret };
  const product = await startProduct({ configFile, port: 0, dataDirectory: join(folder, 'data'), environment });
  try {
    const client = createClient({ url: product.url, ownerToken: product.ownerToken });
    return await tellStory({ url: product.url, client }, (line) => writeLine(terminal, line));
  } finally {
    await product.drain();
    await rm(folder, { recursive: true, force: true });
  }
}

interface Stage {
  readonly url: string;
  readonly client: Client;
}

async function tellStory(stage: Stage, tell: (line: string) => void): Promise<number> {
  tell('The loop, on SIMULATED models: no provider is called, no money is spent.');
  tell('Job "summarize" may use sim/small or sim/large.');
  tell('');
  const first = await ask(stage);
  tell(`1 request   POST /v1/chat/completions, model "job/summarize"`);
  tell(`2 attempt   ${attemptText(first)}`);
  tell(`3 fact      ${first.requestId} is durable in the journal`);
  tell(`4 cost      ${first.costNanos ?? 'unknown'} nano-USD (${formatNanosAsUsd(BigInt(first.costNanos ?? 0))})`);
  tell(`5 charge    ${chargeText(first)}`);
  let latest = first;
  let posted = 0;
  while (latest.decision?.model === first.decision?.model && posted < maxOutcomes) {
    await stage.client.outcomes.post({ requestId: latest.requestId, kind: 'score', value: 0, source: 'demo' });
    posted++;
    latest = await ask(stage);
  }
  tell(`6 outcome   posted ${posted}: the answers of ${first.decision?.model} were worthless (value 0)`);
  tell(`7 decision  the next one is ${latest.decision?.model}, before it was ${first.decision?.model}`);
  for (const reason of latest.decision?.reasons ?? []) tell(`            because: ${reason}`);
  const differs = latest.decision?.model !== first.decision?.model;
  if (!differs) tell('The decision did not change: the loop is broken.');
  return differs ? exitCodes.ok : exitCodes.failure;
}

async function ask({ url, client }: Stage): Promise<RequestRecord> {
  const response = await fetch(`${url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${secret}` },
    body: JSON.stringify({ model: 'job/summarize', messages: [{ role: 'user', content: prompt }] }),
  });
  await response.text();
  return client.requests.get(response.headers.get('x-switchyard-request-id') ?? '');
}

function chargeText({ chargeNanos, costNanos }: RequestRecord): string {
  const margin = BigInt(chargeNanos ?? 0) - BigInt(costNanos ?? 0);
  return `customer acme pays ${chargeNanos ?? 'unknown'} nano-USD by its plan, cost plus 20 %: margin ${margin}`;
}

function attemptText({ attempts }: RequestRecord): string {
  const [attempt] = attempts;
  if (attempt === undefined) return 'none';
  const usage = Object.entries(attempt.usage ?? {}).flatMap(([bucket, units]) =>
    units > 0 ? [`${bucket} ${units}`] : [],
  );
  return `${attempt.host}/${attempt.upstreamModel} in ${Math.round(attempt.totalMs)} ms: ${usage.join(', ')}`;
}
