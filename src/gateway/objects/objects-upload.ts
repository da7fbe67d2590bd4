import { Fault } from '../../domain/faults/fault.ts';
import { isObject } from '../../protocols/index.ts';
import type { BatchDemand } from '../../storage/index.ts';
import { BatchDemands, type BatchRow } from './batch-demand.ts';
import { fileIdsIn, mentionsFiles } from './objects-references.ts';

const maxModels = 100;
const maxFileIds = 10_000;
const maxLines = 100_000;

/** Content of the part of a multipart upload that has a file name. */
export function filePart(bytes: Buffer, contentType: string): Buffer | undefined {
  const boundary = /boundary=(?:"([^"]+)"|([^;\s]+))/i.exec(contentType);
  const name = boundary?.[1] ?? boundary?.[2];
  if (name === undefined) return undefined;
  const delimiter = Buffer.from(`--${name}`);
  let at = bytes.indexOf(delimiter);
  while (at >= 0) {
    const next = bytes.indexOf(delimiter, at + delimiter.length);
    if (next < 0) return undefined;
    const headEnd = bytes.indexOf('\r\n\r\n', at);
    const hasHead = headEnd >= 0 && headEnd < next;
    if (hasHead && /filename\*?=/i.test(bytes.toString('latin1', at, headEnd))) {
      return bytes.subarray(headEnd + 4, next - 2);
    }
    at = next;
  }
  return undefined;
}

/** What the rows of a batch input would use. */
export interface BatchInput {
  readonly models: readonly string[];
  /** Files that rows hand to their model. */
  readonly fileIds: readonly string[];
  readonly demands: readonly BatchDemand[];
}

/**
 * Reads what the rows of a batch input name. A row without one, or that is no row at all, is refused here: what
 * a batch would run must be known before it runs.
 */
export function readBatchInput(content: Buffer): BatchInput | Fault {
  const models = new Set<string>();
  const fileIds = new Set<string>();
  const demands = new BatchDemands();
  let number = 0;
  for (const line of linesOf(content)) {
    if (++number > maxLines) return unusable(`it has more than ${maxLines} rows`);
    if (line.trim() === '') continue;
    const row = rowOf(line);
    if (!row) return unusable(`row ${number} is not a JSON object with body.model`);
    models.add(row.model);
    demands.add(row, line);
    if (mentionsFiles(line)) for (const id of fileIdsIn(row.body)) fileIds.add(id);
    if (models.size > maxModels) return unusable(`it names more than ${maxModels} models`);
    if (fileIds.size > maxFileIds) return unusable(`it names more than ${maxFileIds} files`);
  }
  if (models.size === 0) return unusable('it has no rows');
  return { models: [...models], fileIds: [...fileIds], demands: demands.all() };
}

/** Lines of a JSON-lines file, without what an editor may have put before the first. */
export function* linesOf(content: Buffer): Generator<string> {
  for (let start = 0; start < content.length;) {
    const found = content.indexOf(0x0a, start);
    const end = found < 0 ? content.length : found;
    yield content.toString('utf8', start, end).replace(/^\uFEFF/, '');
    start = end + 1;
  }
}

function rowOf(line: string): BatchRow | undefined {
  try {
    const row: unknown = JSON.parse(line);
    const body = isObject(row) ? row['body'] : undefined;
    const model = isObject(body) ? body['model'] : undefined;
    if (!isObject(row) || !isObject(body) || typeof model !== 'string' || model === '') return undefined;
    return { model, url: typeof row['url'] === 'string' ? row['url'] : '', body };
  } catch {
    // Not JSON: the caller names the row.
    return undefined;
  }
}

function unusable(reason: string): Fault {
  return new Fault('invalid_request', { message: `The file is no batch input: ${reason}.`, param: 'file' });
}
