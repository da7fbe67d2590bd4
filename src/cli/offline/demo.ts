import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { codeIn } from '../../domain/calls/code-block.ts';
import { formatNanosAsUsd } from '../../domain/money/money.ts';
import { type Client, createClient, type RequestRecord } from '../../sdk/index.ts';
import { exitCodes } from '../shell/cli-error.ts';
import { type Terminal, writeLine } from '../shell/terminal.ts';

const secret = 'sk-demo-acme-0123456789';
const configuration = `jobs:
  summarize:
    description: Summaries for the demo.
    models: [sim/small, sim/large]
  write-code:
    description: Programs with tests.
    models: [sim/small, sim/echo]
    cascade: { models: [sim/small, sim/echo], verifier: tests, language: javascript }
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
/** What isolates code here is known once the hostile programs are through, which takes a busy machine long. */
const timeoutMs = 60_000;

const codePrompt = `${'Say all of this again. '.repeat(10)}\n\`\`\`js\nconst answer = 6 * 7;\n\`\`\`\n`;
const codeTests = 'if (answer !== 42) throw new Error(`${answer} is not 42`);';

/**
 * Tells the loop on simulated models: request, attempt, durable fact, cost, charge, outcome, another decision, and code
 * that is delivered because it ran.
 */
export async function runDemo(terminal: Terminal): Promise<number> {
  const { startProduct } = await import('../../main.ts');
  const folder = await mkdtemp(join(tmpdir(), 'switchyard-demo-'));
  const configFile = join(folder, 'switchyard.yaml');
  await writeFile(configFile, configuration);
  const environment = { DEMO_KEY: secret };
  const product = await startProduct({ configFile, port: 0, dataDirectory: join(folder, 'data'), environment });
  try {
    const client = createClient({ url: product.url, ownerToken: product.ownerToken, timeoutMs });
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
  const first = await ask(stage, { model: 'job/summarize', prompt });
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
    latest = await ask(stage, { model: 'job/summarize', prompt });
  }
  tell(`6 outcome   posted ${posted}: the answers of ${first.decision?.model} were worthless (value 0)`);
  tell(`7 decision  the next one is ${latest.decision?.model}, before it was ${first.decision?.model}`);
  for (const reason of latest.decision?.reasons ?? []) tell(`            because: ${reason}`);
  const differs = latest.decision?.model !== first.decision?.model;
  if (!differs) tell('The decision did not change: the loop is broken.');
  const isRun = await tellCode(stage, tell);
  return differs && isRun ? exitCodes.ok : exitCodes.failure;
}

/** An answer is delivered because its code passed its tests; where nothing isolates code, nothing runs and that is told. */
async function tellCode(stage: Stage, tell: (line: string) => void): Promise<boolean> {
  const { isolation, unusable } = await stage.client.runs.runtime();
  if (unusable) {
    tell(`8 code      not run here: ${unusable.reason} ${unusable.remedy}`);
    return true;
  }
  const { requestId, attempts, outcomes, text } = await ask(stage, {
    model: 'job/write-code',
    prompt: codePrompt,
    codeTests,
  });
  const drafts = attempts.filter(({ fault }) => fault === 'answer_rejected').map(({ upstreamModel }) => upstreamModel);
  const last = attempts.at(-1)?.upstreamModel;
  tell(`8 code      job "write-code" with tests, run in ${isolation.tier} by ${isolation.engine}`);
  tell(`            sim/${drafts.join(', sim/')} did not pass and was never delivered; sim/${last} did`);
  let status = 'nothing';
  for await (const event of stage.client.runs.start({
    language: 'javascript',
    code: `${codeIn(text)}${codeTests}`,
    requestId,
  })) {
    if (event.type === 'receipt') ({ status } = event.receipt);
  }
  tell(`9 run       the delivered program: ${status}; its outcome is told of ${requestId}`);
  return status === 'succeeded' && drafts.length > 0 && outcomes.length > 0;
}

interface DemoRequest {
  readonly model: string;
  readonly prompt: string;
  readonly codeTests?: string;
}

async function ask(
  { url, client }: Stage,
  { model, prompt: content, codeTests: tests }: DemoRequest,
): Promise<RequestRecord & { readonly text: string }> {
  const response = await fetch(`${url}/v1/chat/completions`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      authorization: `Bearer ${secret}`,
      ...(tests !== undefined && { 'x-switchyard-tests': base64Of({ tests }) }),
    },
    body: JSON.stringify({ model, messages: [{ role: 'user', content }] }),
  });
  const text = textOf(await response.json());
  const record = await client.requests.get(response.headers.get('x-switchyard-request-id') ?? '');
  return { ...record, text };
}

function textOf(answer: unknown): string {
  const { choices } = answer as { choices?: readonly { message: { content: string } }[] };
  return choices?.[0]?.message.content ?? '';
}

function base64Of(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64');
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
