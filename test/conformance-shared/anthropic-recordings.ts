import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { JsonObject } from '../../src/domain/calls/model-call.ts';

/** A recorded Messages stream in its wire form. */
export interface MessagesStream {
  readonly name: string;
  readonly bytes: Buffer;
  readonly events: readonly JsonObject[];
}

/** A recorded body in one piece. */
export interface NamedBody {
  readonly name: string;
  readonly body: JsonObject;
}

/** A usage block with what the collection reads from it, per provider. */
export interface UsageRow {
  readonly body: { readonly usage?: JsonObject };
  readonly extracted: readonly {
    readonly usage: { readonly [name: string]: number };
    readonly extractors: readonly { readonly provider_id: string; readonly api_flavor: string }[];
  }[];
}

const shared = process.env['SWITCHYARD_SHARED'] ?? fileURLToPath(new URL('../../../shared', import.meta.url));
const root = join(shared, 'data', 'gateway-fixtures');
const recorded = join(root, 'vercel-ai', 'anthropic', 'src', '__fixtures__');
const golden = join(root, 'agentgateway', 'llm-tests');
const sdk = join(root, 'anthropic-sdk-typescript');

/** Every recorded stream of the dialect. */
export function messagesStreams(): readonly MessagesStream[] {
  const chunks = filesIn(recorded, '.chunks.txt').flatMap(fromChunks);
  const answers = join(golden, 'response', 'anthropic');
  const raw = [...filesIn(sdk, '.sse'), ...filesIn(sdk, '.txt'), ...filesIn(answers, '.json').filter(isStream)];
  return [...chunks, ...raw.map(fromWire)];
}

/** Every recorded whole answer of the dialect. */
export function messagesAnswers(): readonly NamedBody[] {
  const answers = filesIn(join(golden, 'response', 'anthropic'), '.json').filter((path) => !isStream(path));
  return [...filesIn(recorded, '.json'), ...answers].map(readBody).filter(({ body }) => Array.isArray(body['content']));
}

/** Every request of the dialect. */
export function messagesRequests(): readonly NamedBody[] {
  return filesIn(join(golden, 'requests', 'messages'), '.json').map(readBody);
}

/** The collection of usage blocks. */
export function usageRows(): readonly UsageRow[] {
  return JSON.parse(readFileSync(join(root, 'genai-prices', 'usages.json'), 'utf8')) as UsageRow[];
}

function filesIn(folder: string, ending: string): string[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith(ending))
    .map((name) => join(folder, name));
}

const isStream = (path: string): boolean => basename(path).startsWith('stream');

/** Some files hold the answers of several turns, one after the other. */
function fromChunks(path: string): MessagesStream[] {
  const events = readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => JSON.parse(line) as JsonObject);
  const turns: JsonObject[][] = [];
  for (const event of events) {
    const turn = turns.at(-1);
    const over = turn?.at(-1)?.['type'] === 'message_stop' && event['type'] === 'message_start';
    if (turn === undefined || over) turns.push([event]);
    else turn.push(event);
  }
  return turns.map((turn, at) => {
    const frames = turn.map((event) => `event: ${String(event['type'])}\ndata: ${JSON.stringify(event)}\n\n`);
    const name = turns.length > 1 ? `${basename(path)} turn ${at + 1}` : basename(path);
    return { name, bytes: Buffer.from(frames.join('')), events: turn };
  });
}

function fromWire(path: string): MessagesStream {
  const bytes = readFileSync(path);
  const data = [...bytes.toString().matchAll(/^data: ?(.*)$/gm)].map(([, text]) => text ?? '');
  return { name: basename(path), bytes, events: data.map((text) => JSON.parse(text) as JsonObject) };
}

function readBody(path: string): NamedBody {
  return { name: basename(path), body: JSON.parse(readFileSync(path, 'utf8')) as JsonObject };
}
