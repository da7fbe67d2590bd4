import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { Launchers } from './launchers.ts';
import { findSystemTools } from './system-tools.ts';

const tools = findSystemTools();
const perl = 'perl' in tools ? tools.perl : undefined;
const command = { argv: ['/bin/true'], environment: {}, folder: '/', limits: [] } as const;

it.runIf(perl)('launches again once the socket can be made that could not be made before', async () => {
  const folder = mkdtempSync('/tmp/sy-launchers-');
  chmodSync(folder, 0o711);
  const blocked = join(folder, 'shelf');
  writeFileSync(blocked, '');
  const launchers = new Launchers(perl ?? '', () => blocked);
  onTestFinished(async () => {
    await launchers.close();
    rmSync(folder, { recursive: true, force: true });
  });
  await expect(launchers.launch({ groups: [], user: undefined, ...command })).rejects.toThrow();
  rmSync(blocked);
  mkdirSync(blocked);
  const launched = await launchers.launch({ groups: [], user: undefined, ...command });
  launched.stdin.end();
  await launched.ended;
  launched.close();
});

it('launches again after the program that starts launchers could not be started', async () => {
  const folder = mkdtempSync('/tmp/sy-launchers-');
  const broken = new Launchers(join(folder, 'no-perl'), () => folder);
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  for (const _try of [1, 2]) {
    await expect(broken.launch({ groups: [], user: undefined, ...command })).rejects.toMatchObject({
      code: 'internal',
    });
  }
  await broken.close();
});
