import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { isAbsolute, join, relative } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { isOwnFolder } from './owned-folders.ts';
import { fillShelf } from './shelf.ts';

it('what sandboxes share has absolute paths, also when the data folder is named from the working directory', () => {
  const dataFolder = mkdtempSync(join(tmpdir(), 'switchyard-shelf-test-'));
  onTestFinished(() => rmSync(dataFolder, { recursive: true, force: true }));
  chmodSync(dataFolder, 0o755);
  const { folder, files } = fillShelf(relative(process.cwd(), dataFolder), []);
  expect(files.length).toBeGreaterThan(0);
  expect([folder, ...files.map(({ hostPath }) => hostPath)].filter((path) => !isAbsolute(path))).toEqual([]);
});

it('a shared place is taken only when it is a folder of our own, no link, and closed to the hands of others', () => {
  const folder = mkdtempSync(join(tmpdir(), 'switchyard-shelf-test-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const [own, link, open] = ['own', 'link', 'open'].map((name) => join(folder, name)) as [string, string, string];
  mkdirSync(own, { mode: 0o755 });
  symlinkSync(own, link);
  mkdirSync(open);
  chmodSync(open, 0o777);
  expect([own, link, open].map(isOwnFolder)).toEqual([true, false, false]);
});

it.runIf(process.getuid?.() === 0)('a folder that users of sandboxes cannot pass through is copied, once', () => {
  const dataFolder = mkdtempSync(join(tmpdir(), 'switchyard-shelf-test-'));
  onTestFinished(() => rmSync(dataFolder, { recursive: true, force: true }));
  chmodSync(dataFolder, 0o755);
  const hostPath = join(dataFolder, 'closed', 'library');
  mkdirSync(hostPath, { recursive: true });
  chmodSync(join(dataFolder, 'closed'), 0o700);
  writeFileSync(join(hostPath, 'index.js'), '');
  const shelved = (): string | undefined =>
    fillShelf(dataFolder, [], [{ name: 'library', hostPath, guestPath: '/node_modules/library' }]).files.find(
      ({ guestPath }) => guestPath === '/node_modules/library',
    )?.hostPath;
  const first = shelved() ?? '';
  expect(first).not.toBe(hostPath);
  expect(existsSync(join(first, 'index.js'))).toBe(true);
  expect(shelved()).toBe(first);
});
