import OpenAI from 'openai';
import { createClient, type Client } from '../../../src/sdk/index.ts';
import { type FakeUpstream, startFakeUpstream } from '../../fake-upstream/index.ts';
import { type BootedProduct, bootProduct } from './boot-product.ts';
import type { CodeTask } from './code-tasks.ts';
import { type CodingModel, modelsConfig, programIn, scriptTask } from './coding-models.ts';

/** An answer of a coding model, as its client got it. */
export interface CodeAnswer {
  readonly requestId: string;
  readonly task: CodeTask;
  readonly model: string;
  readonly attempts: number;
  readonly costNanos: number;
  readonly program: string;
}

/** A product whose models are coding models of our making, with sandboxes to run what they write. */
export interface CodeWorld {
  readonly booted: BootedProduct;
  readonly client: Client;
  /** Asks for a program; `visible` tests go along where a cascade verifies by them. */
  ask(
    model: string,
    task: CodeTask,
    how?: { readonly visible?: boolean; readonly stream?: boolean; readonly job?: string },
  ): Promise<CodeAnswer>;
  /** Runs a program with tests; with a request its outcome is told of that. */
  passes(program: string, task: CodeTask, how: { tests: 'visible' | 'hidden'; requestId?: string }): Promise<boolean>;
  close(): Promise<void>;
}

/** Boots it with the models and jobs given. */
export async function openCodeWorld(
  models: readonly CodingModel[],
  { jobs, seed }: { readonly jobs: string; readonly seed: number },
): Promise<CodeWorld> {
  const upstream: FakeUpstream = await startFakeUpstream();
  const booted = await bootProduct(`${modelsConfig(upstream, models)}jobs:\n${jobs}`);
  const openai = new OpenAI({ baseURL: `${booted.url}/v1`, apiKey: 'unused', maxRetries: 0 });
  const client = createClient({ url: booted.url, ownerToken: booted.product.ownerToken, timeoutMs: 60_000 });
  return {
    booted,
    client,
    async ask(model, task, { visible = false, stream = false, job } = {}) {
      scriptTask(upstream, models, { task, seed });
      const tests = JSON.stringify({ language: task.language, tests: task.visible });
      const encoded = Buffer.from(tests).toString('base64');
      const headers: Asked['headers'] = {
        ...(visible && { 'x-switchyard-tests': encoded }),
        ...(job !== undefined && { 'x-switchyard-job': job }),
      };
      const messages = [{ role: 'user' as const, content: task.prompt }];
      const { text, response } = stream
        ? await readStream(openai, { model, messages, headers })
        : await readWhole(openai, { model, messages, headers });
      const header = (name: string): string => response.headers.get(`x-switchyard-${name}`) ?? '';
      const requestId = header('request-id');
      const cost = stream ? (await client.requests.get(requestId)).costNanos : header('cost-nanos');
      const [answeredBy, attempts] = [header('model'), Number(header('attempts'))];
      return { requestId, task, model: answeredBy, attempts, costNanos: Number(cost), program: programIn(text) };
    },
    async passes(program, task, { tests, requestId }) {
      const code = `${program}\n${task[tests]}`;
      const input = { language: task.language, code, ...(requestId !== undefined && { requestId }) };
      for await (const event of client.runs.start(input)) {
        if (event.type === 'receipt') return event.receipt.status === 'succeeded';
      }
      throw new Error('a run ended without a receipt');
    },
    async close() {
      await booted.close();
      await upstream.close();
    },
  };
}

interface Asked {
  readonly model: string;
  readonly messages: { readonly role: 'user'; readonly content: string }[];
  readonly headers: { readonly [name: string]: string };
}

async function readWhole(openai: OpenAI, { model, messages, headers }: Asked) {
  const { data, response } = await openai.chat.completions.create({ model, messages }, { headers }).withResponse();
  return { text: data.choices[0]?.message.content ?? '', response };
}

async function readStream(openai: OpenAI, { model, messages, headers }: Asked) {
  const asked = openai.chat.completions.create({ model, messages, stream: true }, { headers });
  const { data, response } = await asked.withResponse();
  let text = '';
  for await (const chunk of data) text += chunk.choices[0]?.delta.content ?? '';
  return { text, response };
}
