import { callHost } from '../../dispatch/index.ts';
import type { Host } from '../../domain/calls/endpoint.ts';
import { Fault } from '../../domain/faults/fault.ts';
import type { JsonObject } from '../../domain/calls/model-call.ts';
import type { Usage } from '../../domain/rating/usage.ts';
import { isObject, readPassThroughUsage, readResponsesUsage } from '../../protocols/index.ts';
import type { OwnedObject } from '../../storage/index.ts';
import type { ObjectDeps } from './objects-request.ts';
import { linesOf } from './objects-upload.ts';

/** What became of one row of a batch. */
export interface BatchRowResult {
  /** As the answer names it. */
  readonly model: string | undefined;
  /** Absent when the host tells none. */
  readonly usage: Usage | undefined;
  /** Absent on success. */
  readonly failedStatus: number | undefined;
}

/** Beyond this many rows only the sum is recorded. */
const maxRows = 10_000;
const resultFields = ['output_file_id', 'error_file_id'] as const;

/**
 * What the rows of an ended batch used, from its result files: prices by size hold for each answer by itself. Undefined
 * when the host keeps no such files, or they are too long; a fault when they cannot be read now.
 */
export async function readBatchRows(
  body: OwnedObject['body'],
  host: Host,
  deps: ObjectDeps,
): Promise<readonly BatchRowResult[] | undefined | Fault> {
  const rows: BatchRowResult[] = [];
  for (const field of resultFields) {
    const id = body[field];
    if (typeof id !== 'string' || id === '') continue;
    const path = `/files/${encodeURIComponent(id)}/content`;
    const content = await callHost({ method: 'GET', path }, host, deps.dispatch);
    if (Fault.is(content)) {
      if (content.code === 'not_found' || content.code === 'upstream_rejected') return undefined;
      return content;
    }
    for (const line of linesOf(content.body)) {
      const row = readRow(line);
      if (row) rows.push(row);
      if (rows.length > maxRows) return undefined;
    }
  }
  return rows.some(({ usage }) => usage !== undefined) ? rows : undefined;
}

function readRow(line: string): BatchRowResult | undefined {
  const row = parseLine(line);
  if (!row) return undefined;
  const response = isObject(row['response']) ? row['response'] : {};
  const status = response['status_code'];
  const body = isObject(response['body']) ? response['body'] : {};
  const toldStatus = typeof status === 'number' ? status : 0;
  const isFailed = isObject(row['error']) || toldStatus >= 300;
  const model = typeof body['model'] === 'string' ? body['model'] : undefined;
  const usage = isFailed ? undefined : readUsage(body);
  return { model, usage, failedStatus: isFailed ? toldStatus : undefined };
}

function readUsage(body: JsonObject): Usage | undefined {
  if (body['object'] === 'response') return readResponsesUsage(body);
  return readPassThroughUsage('embeddings', body);
}

function parseLine(line: string): JsonObject | undefined {
  if (line.trim() === '') return undefined;
  try {
    const value: unknown = JSON.parse(line);
    return isObject(value) ? value : undefined;
  } catch {
    // A file that is no list of rows tells nothing.
    return undefined;
  }
}
