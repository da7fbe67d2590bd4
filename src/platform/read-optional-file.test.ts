import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { readOptionalFile } from './read-optional-file.ts';

it('tells a file that is not there from one that cannot be read', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'switchyard-'));
  const file = join(folder, 'file');
  expect(await readOptionalFile(file)).toBeUndefined();
  await writeFile(file, 'text');
  expect(await readOptionalFile(file)).toBe('text');
  await expect(readOptionalFile(folder)).rejects.toThrow('EISDIR');
});
