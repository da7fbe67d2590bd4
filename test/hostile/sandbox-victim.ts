// A supervisor to be killed while a client writes: tells each file once it was acknowledged.
import { createHash } from 'node:crypto';
import { openSandboxes } from './open-sandboxes.ts';

const [dataFolder = ''] = process.argv.slice(2);
const owner = { key: 'victim', customer: 'default' };
const { sandboxes, driver } = openSandboxes(dataFolder);
if ((await driver.probe()).unusable) process.stdout.write('unusable\n');
else {
  await sandboxes.open();
  const { id } = await sandboxes.create(owner, { template: 'base' });
  const live = await sandboxes.reach(id);
  if (!live) throw new Error('it does not run');
  process.stdout.write(`sandbox ${id}\n`);
  const write = async (path: string): Promise<void> => {
    const bytes = Buffer.from(`${path} `.repeat(5000));
    const pieces = (async function* () {
      yield await Promise.resolve(bytes);
    })();
    const files = (async function* () {
      yield await Promise.resolve({ path, metadata: {}, bytes: pieces });
    })();
    await live.files.write(files);
    process.stdout.write(`file ${path} ${createHash('sha256').update(bytes).digest('hex')}\n`);
  };
  // Two at once, so that one is always half written when the end comes.
  const worker = async (name: string): Promise<void> => {
    for (let count = 0; count < 10_000; count += 1) await write(`${name}/${count % 7}/file-${count}`);
  };
  await Promise.all([worker('one'), worker('two')]);
}
