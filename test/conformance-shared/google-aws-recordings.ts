import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { JsonObject } from '../../src/domain/calls/model-call.ts';

const root = join(
  process.env['SWITCHYARD_SHARED'] ?? fileURLToPath(new URL('../../../shared', import.meta.url)),
  'data/gateway-fixtures',
);

/** A recording by its path below the fixtures. */
export function readRecording(path: string): Buffer {
  return readFileSync(join(root, path));
}

/** A recorded JSON body. */
export function readJson<T = JsonObject>(path: string): T {
  return JSON.parse(readRecording(path).toString('utf8')) as T;
}

/** Files of a folder with the given ending; an empty answer is an error of the test. */
export function recordingsIn(folder: string, ending: string): string[] {
  const names = readdirSync(join(root, folder)).filter((name) => name.endsWith(ending));
  if (names.length === 0) throw new Error(`no ${ending} recordings in ${folder}`);
  return names.map((name) => `${folder}/${name}`);
}

/** Lines of a `.chunks.txt` recording: one JSON event each. */
export function readChunks(path: string): string[] {
  return readRecording(path)
    .toString('utf8')
    .split('\n')
    .filter((line) => line.trim() !== '');
}

/** One row of the recorded usage bodies. */
export interface UsageRow {
  readonly body: { readonly usage?: JsonObject; readonly usageMetadata?: JsonObject; readonly file?: string };
  readonly extracted: readonly { readonly usage: { readonly [name: string]: number } }[];
}

/** All recorded usage bodies. */
export function readUsageRows(): readonly UsageRow[] {
  return readJson<readonly UsageRow[]>('genai-prices/usages.json');
}
