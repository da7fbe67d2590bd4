import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { DialectId } from '../../src/domain/calls/dialect.ts';
import { binary } from '../../src/protocols/bedrock-converse/test-support.ts';
import type { ProviderDefinition } from '../../src/providers/index.ts';

const shared = process.env['SWITCHYARD_SHARED'] ?? fileURLToPath(new URL('../../../shared', import.meta.url));
const recordings = join(shared, 'data', 'gateway-fixtures', 'vercel-ai');

/** Folders of hosts whose folder is called otherwise. */
const folderOf: Readonly<Record<string, string>> = {
  gemini: 'google',
  'azure-openai': 'azure',
  bedrock: 'amazon-bedrock',
  moonshot: 'moonshotai',
  qwen: 'alibaba',
};

/** Two answers cut into one another on purpose: no host sends that. */
const cutUp = 'spliced';

/** An event of any dialect, as far as its kind shows. */
export interface RecordedEvent {
  readonly type?: string;
  readonly choices?: readonly unknown[];
  readonly candidates?: readonly unknown[];
}

/** One recorded answer of a host as a stream, in the wire form of its dialect. */
export interface HostStream {
  readonly name: string;
  readonly dialect: DialectId;
  readonly events: readonly RecordedEvent[];
  readonly bytes: Buffer;
}

/** Recorded streams of a host in the dialects we read; those of its other interfaces are left out. */
export function streamsOf({ id }: ProviderDefinition): readonly HostStream[] {
  const folder = join(recordings, folderOf[id] ?? id);
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.chunks.txt') && !basename(name).startsWith(cutUp))
    .flatMap((name) => turnsOf(basename(name), readFileSync(join(folder, name), 'utf8')));
}

const lastEvents: ReadonlySet<string> = new Set([
  'message_stop',
  'response.completed',
  'response.incomplete',
  'response.failed',
]);

/** Some files hold the answers of several turns, one after the other. */
function turnsOf(name: string, text: string): readonly HostStream[] {
  const events = text
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => JSON.parse(line) as RecordedEvent);
  const turns: RecordedEvent[][] = [];
  for (const event of events) {
    const turn = turns.at(-1);
    if (turn === undefined || lastEvents.has(turn.at(-1)?.type ?? '')) turns.push([event]);
    else turn.push(event);
  }
  return turns.flatMap((turn) => {
    const dialect = dialectOf(turn[0]);
    return dialect === undefined ? [] : [{ name, dialect, events: turn, bytes: wireOf(dialect, turn) }];
  });
}

function dialectOf(event: RecordedEvent = {}): DialectId | undefined {
  if (event.choices !== undefined) return 'openai-chat';
  if (event.type === 'response.created') return 'openai-responses';
  if (event.type === 'message_start') return 'anthropic-messages';
  if (event.candidates !== undefined) return 'gemini';
  return 'messageStart' in event ? 'bedrock-converse' : undefined;
}

function wireOf(dialect: DialectId, events: readonly RecordedEvent[]): Buffer {
  if (dialect === 'bedrock-converse') return binary(events as readonly { readonly [type: string]: unknown }[]);
  const frames = events.map((event) => {
    const name = event.type === undefined ? '' : `event: ${event.type}\n`;
    return `${name}data: ${JSON.stringify(event)}\n\n`;
  });
  return Buffer.from(frames.join('') + (dialect === 'openai-chat' ? 'data: [DONE]\n\n' : ''));
}
