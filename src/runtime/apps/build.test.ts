import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../platform/clock.ts';
import { findEngines } from '../functions/index.ts';
import { buildBundle, type BuildSettings } from './build-bundle.ts';
import { checkDependencies } from './check-dependencies.ts';
import { planBuild } from './plan-build.ts';
import { readArchive } from './read-archive.ts';
import { checkSourceFiles, type SourceFile, uploadLimits } from './source-files.ts';
import { writeTar } from './testing/write-tar.ts';

const file = (path: string, text = ''): SourceFile => ({ path, bytes: Buffer.from(text) });

describe('an upload', () => {
  it.each([
    ['../escape.ts', 'leaves its folder'],
    ['a/../../b.ts', 'leaves its folder'],
    ['/etc/passwd', 'is absolute'],
    ['C:\\x', 'backslash'],
    ['c:/x', 'is absolute'],
    ['a\u0000b', 'control character'],
    ['a//b', 'leaves its folder'],
    ['./a', 'leaves its folder'],
    ['', 'is empty'],
    [`${'d/'.repeat(40)}f`, 'nested too deeply'],
    ['x'.repeat(300), 'too long'],
  ])('[runtime hostile 6] refuses the name %j', (path, problem) => {
    expect(() => checkSourceFiles([file(path)])).toThrow(problem);
  });

  it('refuses names that are given twice, or to a file and a folder', () => {
    expect(() => checkSourceFiles([file('a'), file('a')])).toThrow('twice');
    expect(() => checkSourceFiles([file('a'), file('a/b')])).toThrow('as a file and as a folder');
    expect(() => checkSourceFiles([])).toThrow('no file');
  });

  it('refuses more files and bytes than it may have', () => {
    const many = Array.from({ length: uploadLimits.files + 1 }, (_, index) => file(`f${index}`));
    expect(() => checkSourceFiles(many)).toThrow('more than 10000 files');
    const large = { path: 'large', bytes: Buffer.alloc(uploadLimits.fileBytes + 1) };
    expect(() => checkSourceFiles([large])).toThrow('large with more than');
  });
});

describe('an archive', () => {
  it('is read plain and gzipped, with long names and a leading ./', async () => {
    const long = `${'folder/'.repeat(20)}file.ts`;
    const tar = writeTar([
      { name: './a.ts', text: 'one' },
      { name: long, text: 'two' },
      { name: 'b/', type: '5' },
    ]);
    const read = [file('a.ts', 'one'), file(long, 'two')];
    expect(await readArchive(tar)).toEqual(read);
    expect(await readArchive(gzipSync(tar))).toEqual(read);
  });

  it('that unpacks to far more than it may is refused without being unpacked', async () => {
    const bomb = gzipSync(Buffer.alloc(uploadLimits.totalBytes + 32 * 1024 * 1024));
    await expect(readArchive(bomb)).rejects.toMatchObject({ code: 'too_large' });
  });

  it.each([
    ['a link', writeTar([{ name: 'passwd', type: '2', linkTo: '/etc/passwd' }]), 'is no file'],
    ['a hard link', writeTar([{ name: 'x', type: '1', linkTo: '../x' }]), 'is no file'],
    ['a device', writeTar([{ name: 'null', type: '3' }]), 'is no file'],
    ['a cut file', writeTar([{ name: 'a', text: 'x'.repeat(2000) }]).subarray(0, 1024), 'ends within a file'],
    ['something else', Buffer.alloc(1024, 'x'), 'is no tar archive'],
    ['a zip', Buffer.from('PK\u0003\u0004 and more'), 'is a zip'],
    ['a broken gzip', Buffer.from([0x1f, 0x8b, 1, 2, 3]), 'cannot be unpacked'],
  ])('[runtime hostile 6] that is or holds %s is refused', async (_what, archive, problem) => {
    await expect(readArchive(archive)).rejects.toThrow(problem);
  });

  it('that climbs out of its folder is refused by its names', async () => {
    const files = await readArchive(writeTar([{ name: '../../etc/cron.d/x', text: 'x' }]));
    expect(() => checkSourceFiles(files)).toThrow('leaves its folder');
  });
});

describe('planning a build', () => {
  it('finds the entry and the public folder', () => {
    const plan = planBuild([file('src/index.ts'), file('index.html'), file('public/a.css')], {});
    expect([plan.entry, plan.assets.map(({ path }) => path)]).toEqual(['src/index.ts', ['a.css']]);
  });

  it('serves a folder with pages and no module, without what is not meant for visitors', () => {
    const files = ['index.html', 'a/b.html', '.env', '.git/config', 'switchyard.json', '.well-known/x'].map((path) =>
      file(path),
    );
    expect(planBuild(files, {})).toMatchObject({
      entry: undefined,
      assets: [{ path: 'index.html' }, { path: 'a/b.html' }, { path: '.well-known/x' }],
    });
  });

  it('says what is missing', () => {
    expect(() => planBuild([file('readme.md')], {})).toThrow('nothing to run or serve');
    expect(() => planBuild([file('index.ts')], { entry: 'other.ts' })).toThrow('no file other.ts');
    expect(() => planBuild([file('index.ts')], { assets: 'dist' })).toThrow('no file below dist');
  });
});

describe('dependencies', () => {
  const manifest = file('package.json', '{"dependencies":{"tool":"^1.0.0"}}');
  const tool = file('node_modules/tool/package.json', '{"version":"1.2.3"}');
  const lock = (version: string): SourceFile =>
    file('package-lock.json', `{"packages":{"node_modules/tool":{"version":"${version}"}}}`);

  it('are taken as they were locked', () => {
    expect(() => checkDependencies([manifest, tool, lock('1.2.3')])).not.toThrow();
    expect(() => checkDependencies([file('index.ts')])).not.toThrow();
  });

  it('[runtime hostile 60] are refused in another version, unlocked or absent', () => {
    expect(() => checkDependencies([manifest, tool, lock('1.2.4')])).toThrow('1.2.4 is locked');
    expect(() => checkDependencies([manifest, tool])).toThrow('no package-lock.json');
    expect(() => checkDependencies([manifest, lock('1.2.3')])).toThrow('not below node_modules');
    const other = file('node_modules/other/package.json', '{"version":"1.0.0"}');
    expect(() => checkDependencies([manifest, tool, other, lock('1.2.3')])).toThrow('does not name');
  });
});

const engines = findEngines(process.env);
describe.skipIf(engines.esbuild === undefined)('a build', () => {
  const root = mkdtempSync(join(tmpdir(), 'sy-build-'));
  const settings: BuildSettings = {
    engines,
    root,
    clock: systemClock,
    isSandboxed: engines.bwrap !== undefined,
    newId: () => 'one',
  };
  afterAll(() => rmSync(root, { recursive: true }));

  it('gives the same bytes for the same files, wherever and in whatever order', async () => {
    const files = [
      file('index.ts', 'import { two } from "./lib/two"; export default { two: two as number };'),
      file('lib/two.ts', 'export const two = 2;'),
    ];
    const first = await buildBundle(files, 'index.ts', settings);
    const second = await buildBundle([...files].reverse(), 'index.ts', {
      ...settings,
      isSandboxed: false,
      newId: () => 'other',
    });
    expect(first.code.toString()).toContain('two = 2');
    expect(second.code.equals(first.code)).toBe(true);
    expect(readdirSync(root)).toEqual([]);
  });

  it('that is broken says where, and leaves nothing', async () => {
    await expect(
      buildBundle([file('index.ts', 'import x from "./gone"; export {')], 'index.ts', settings),
    ).rejects.toThrow(/index\.ts:1:\d+/);
    expect(readdirSync(root)).toEqual([]);
  });

  it('that does not end is ended', async () => {
    const endless = buildBundle([file('index.ts', 'export default {}')], 'index.ts', { ...settings, timeoutMs: 0 });
    await expect(endless).rejects.toThrow('did not end within 0 ms');
    expect(readdirSync(root)).toEqual([]);
  });

  it('is ended at whatever moment of its start', async () => {
    // Most of these deadlines fall into the making of the sandbox.
    for (let timeoutMs = 0; timeoutMs < 12; timeoutMs += 0.5) {
      const endless = buildBundle([file('index.ts', 'export default {}')], 'index.ts', { ...settings, timeoutMs });
      await endless.catch((error: unknown) => expect(String(error)).toContain('did not end within'));
    }
    expect(readdirSync(root)).toEqual([]);
  });

  it.each([[true], [false]])('reads no file that was not sent (in the sandbox: %s)', async (isSandboxed) => {
    const thief = [file('index.ts', 'import text from "/etc/os-release" with { type: "text" }; export default text;')];
    await expect(buildBundle(thief, 'index.ts', { ...settings, isSandboxed })).rejects.toMatchObject({
      code: 'invalid_request',
    });
  });
});
