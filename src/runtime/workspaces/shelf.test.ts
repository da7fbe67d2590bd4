import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { isAbsolute, join, relative } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { fillShelf } from './shelf.ts';

it('what sandboxes share has absolute paths, also when the data folder is named from the working directory', () => {
  const dataFolder = mkdtempSync(join(tmpdir(), 'switchyard-shelf-test-'));
  onTestFinished(() => rmSync(dataFolder, { recursive: true, force: true }));
  chmodSync(dataFolder, 0o755);
  const { folder, files } = fillShelf(relative(process.cwd(), dataFolder), []);
  expect(files.length).toBeGreaterThan(0);
  expect([folder, ...files.map(({ hostPath }) => hostPath)].filter((path) => !isAbsolute(path))).toEqual([]);
});
