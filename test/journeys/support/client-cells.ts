import { expect } from 'vitest';
import type { DialectId, InboundDialectId } from '../../../src/domain/calls/dialect.ts';
import type { Cell } from './client-world.ts';

/** What the matrix asks of every client over every upstream dialect. */
export type Capability =
  | 'text'
  | 'tools'
  | 'parallel tools'
  | 'structured output'
  | 'reasoning'
  | 'inline image'
  | 'image by URL'
  | 'embeddings'
  | 'count tokens';

/** A combination that no translation can serve without changing the meaning: the client gets a 400 that says so. */
export interface UnsupportedCell {
  readonly capability: Capability;
  readonly upstreams: readonly DialectId[];
  readonly clients: 'all' | readonly InboundDialectId[];
  readonly reason: string;
}

/** Every unsupported combination, with the reason. Whatever is not listed here must work. */
export const unsupportedCells: readonly UnsupportedCell[] = [
  {
    capability: 'embeddings',
    upstreams: ['anthropic-messages', 'bedrock-converse'],
    clients: 'all',
    reason: 'Anthropic has no embeddings, and those of Bedrock have another shape for every vendor',
  },
];

/** The entry of a cell that is unsupported by design. */
export function unsupported(cell: Cell, capability: Capability): UnsupportedCell | undefined {
  return unsupportedCells.find(
    (entry) =>
      entry.capability === capability &&
      entry.upstreams.includes(cell.upstream.dialect) &&
      (entry.clients === 'all' || entry.clients.includes(cell.drive.dialect)),
  );
}

/**
 * Runs a check, or where the cell is unsupported expects the refusal instead: a 400 in the client's own error class,
 * recorded as `unsupported_feature`, and no call to the upstream.
 */
export async function checkCell(cell: Cell, capability: Capability, check: () => Promise<unknown>): Promise<void> {
  if (unsupported(cell, capability) === undefined) return void (await check());
  const callsBefore = cell.fake.stats().requests;
  const error = await check().then(
    () => undefined,
    (caught: unknown) => caught,
  );
  expect(cell.drive.readError(error)).toMatchObject({ status: 400, className: cell.drive.errors[400] });
  expect(await cell.lastFault()).toBe('unsupported_feature');
  expect(cell.fake.stats().requests).toBe(callsBefore);
}
