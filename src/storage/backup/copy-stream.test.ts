import type pg from 'pg';
import { expect, it } from 'vitest';
import { copyOut } from './copy-stream.ts';

interface CopyQuery {
  handleCopyData(message: { chunk: Buffer }, connection: unknown): void;
  handleReadyForQuery(): void;
}

it('rows that are taken stay what they were when the driver reads the next ones into the same memory', async () => {
  const memory = Buffer.from('first row');
  const client = {
    query: (query: CopyQuery) => {
      query.handleCopyData({ chunk: memory }, undefined);
      memory.fill(0);
      query.handleReadyForQuery();
      return query;
    },
  } as unknown as pg.Client;
  const taken: Buffer[] = [];
  await copyOut(client, 'COPY rows TO STDOUT', (chunk) => void taken.push(chunk));
  expect(taken.join()).toBe('first row');
});
