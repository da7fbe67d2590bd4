import { Agent, request } from 'node:http';
import { join } from 'node:path';
import { readJournal } from '../../../scripts/lib/crash/read-journal.mjs';
import type { FakeUpstream } from '../../fake-upstream/index.ts';
import type { BootedProduct } from './boot-product.ts';

/** One call of a recorded day: when it came, how much went in and came out. */
export interface TraceRow {
  readonly atMs: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
}

/** What a client got. */
export interface ReplayedAnswer {
  readonly requestId: string;
  readonly outcome: 'answered' | 'refused' | 'failed in band' | 'broken off';
}

/** Every request of a replay, accounted for on both sides. */
export interface Accounts {
  readonly answers: readonly ReplayedAnswer[];
  readonly wallMs: number;
  readonly finals: number;
  readonly attempts: number;
  /** Requests that do not have exactly one final fact, or whose fact says something else than the client saw. */
  readonly contradictions: readonly string[];
}

/** Sizes are scaled down: bytes stand for tokens, and nobody needs the longest prompts in full. */
const maxPromptBytes = 4000;
const maxAnswerTokens = 40;

/** Two endpoints of one model, one of which refuses and one of which breaks off five calls in a hundred. */
export function faultyPair([first, second]: readonly FakeUpstream[]): string {
  return `
hosts:
  refusing: { protocol: openai-chat, baseUrl: ${first?.baseUrl} }
  breaking: { protocol: anthropic-messages, baseUrl: ${second?.baseUrl} }
models:
  replayed:
    endpoints:
      - { host: refusing, model: "m?fail=503&chance=0.05&seed=3", price: { input: 1, output: 2 } }
      - { host: breaking, model: "m?cut=2&chunks=4&chance=0.05&seed=4", price: { input: 1, output: 2 } }
`;
}

/** Sends each row at its time divided by the speed, then compares clients, journal and upstreams. */
export async function replayTrace(rows: readonly TraceRow[], speed: number, booted: BootedProduct): Promise<Accounts> {
  const agent = new Agent({ keepAlive: true, maxSockets: 512 });
  const [first] = rows;
  const startedAt = performance.now();
  const running: Promise<ReplayedAnswer>[] = [];
  for (const [index, row] of rows.entries()) {
    const dueAt = startedAt + (row.atMs - (first?.atMs ?? 0)) / speed;
    const waitMs = dueAt - performance.now();
    if (waitMs > 1) await new Promise((resolve) => setTimeout(resolve, waitMs));
    running.push(ask(agent, booted.url, { row, index }));
  }
  const answers = await Promise.all(running);
  const wallMs = performance.now() - startedAt;
  agent.destroy();
  return { answers, wallMs, ...compare(answers, booted) };
}

function compare(
  answers: readonly ReplayedAnswer[],
  { directory }: BootedProduct,
): Omit<Accounts, 'answers' | 'wallMs'> {
  const facts = readJournal(join(directory, 'data', 'journal', 'gw1'), 'gw1', 0);
  const finals = facts.filter(({ type }) => type === 'final');
  const byRequest = groupById(finals);
  const contradictions = answers.flatMap(({ requestId, outcome }) => {
    const [final, ...others] = byRequest.get(requestId) ?? [];
    if (final === undefined || others.length > 0) return [`${requestId}: ${others.length + 1} final facts`];
    const isGood = outcome === 'answered';
    return isGood === (final.status === 'completed') ? [] : [`${requestId}: ${outcome}, recorded as ${final.status}`];
  });
  const attempts = facts.filter(({ type }) => type === 'attempt').length;
  return { finals: finals.length, attempts, contradictions };
}

function groupById<Item extends { readonly requestId: string }>(items: readonly Item[]): Map<string, Item[]> {
  const groups = new Map<string, Item[]>();
  for (const item of items) groups.set(item.requestId, [...(groups.get(item.requestId) ?? []), item]);
  return groups;
}

/** Clients of two dialects, streaming and not, by turns. */
function ask(agent: Agent, url: string, { row, index }: { row: TraceRow; index: number }): Promise<ReplayedAnswer> {
  const isChat = index % 2 === 0;
  const stream = index % 4 < 2;
  const body = {
    model: 'replayed',
    stream,
    max_tokens: Math.max(1, Math.min(row.outputTokens, maxAnswerTokens)),
    messages: [{ role: 'user', content: `${index} ${'x'.repeat(Math.min(row.inputTokens, maxPromptBytes))}` }],
  };
  const headers = { 'content-type': 'application/json' };
  return new Promise((resolve, reject) => {
    const path = isChat ? '/v1/chat/completions' : '/v1/messages';
    const outgoing = request(`${url}${path}`, { agent, method: 'POST', headers }, (incoming) => {
      let text = '';
      incoming.setEncoding('utf8');
      incoming.on('data', (piece: string) => (text += piece));
      // A broken answer is told by `close`.
      incoming.on('error', () => undefined);
      incoming.on('close', () => {
        const isOver = stream ? /data: \[DONE\]|event: message_stop/.test(text) : incoming.complete;
        const good = isOver ? 'answered' : 'failed in band';
        const outcome = incoming.statusCode === 200 ? good : 'refused';
        resolve({
          requestId: String(incoming.headers['x-switchyard-request-id']),
          outcome: incoming.complete ? outcome : 'broken off',
        });
      });
    });
    outgoing.on('error', reject);
    outgoing.end(JSON.stringify(body));
  });
}
