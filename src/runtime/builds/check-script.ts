/** Folder of the check within a sandbox; nothing of a build may lie there. */
export const checkFolder = '.switchyard';

/**
 * Runs inside a sandbox, beside the files of a build: tells on stdout which checks passed, on stderr what did not, and
 * exits accordingly. What a build says while it is checked cannot pass for more than it is: its output.
 */
export const checkScript = `
import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';

const { files, entry } = JSON.parse(readFileSync('${checkFolder}/plan.json', 'utf8'));
const failed = [];
const check = (name, problem) => {
  if (problem === undefined) console.log('passed: ' + name);
  else failed.push(name + ': ' + problem);
};
const run = (program, given, options = {}) => {
  const done = spawnSync(program, given, { encoding: 'utf8', timeout: 20000, ...options });
  if (done.status === 0) return undefined;
  return (done.error ? String(done.error) : '') + (done.stderr || '') + (done.stdout || '') || 'exit ' + done.status;
};

for (const path of files.filter((one) => one.endsWith('.html'))) {
  const text = readFileSync(path, 'utf8');
  if (!/<[a-z!]/i.test(text)) { check(path, 'is no HTML'); continue; }
  const lost = [...text.matchAll(/(?:src|href)\\s*=\\s*["']([^"'#?]+)/gi)]
    .map((match) => match[1].trim())
    .filter((to) => to !== '' && !/^([a-z][a-z0-9+.-]*:|\\/\\/|#|\\/|\\$)/i.test(to) && !to.includes('\${') && !to.includes('{{'))
    .filter((to) => entry === undefined && !existsSync(normalize(join(dirname(path), to))));
  check(path, lost.length === 0 ? undefined : 'refers to files that are not there: ' + lost.join(', '));
}
for (const path of files.filter((one) => /\\.m?js$/.test(one) && one !== entry && !one.startsWith('tests/'))) {
  copyFileSync(path, '${checkFolder}/syntax.mjs');
  const problem = run('node', ['--check', '${checkFolder}/syntax.mjs']);
  copyFileSync(path, '${checkFolder}/syntax.cjs');
  check(path, problem === undefined || run('node', ['--check', '${checkFolder}/syntax.cjs']) === undefined ? undefined : problem);
}
if (entry !== undefined) {
  const bundle = '${checkFolder}/bundle.mjs';
  const hasBundler = run('esbuild', ['--version']) === undefined;
  const built = hasBundler
    ? run('esbuild', [entry, '--bundle', '--format=esm', '--target=es2022', '--log-level=warning', '--outfile=' + bundle])
    : void copyFileSync(entry, bundle);
  check('the build', built);
  if (built === undefined) {
    writeFileSync('${checkFolder}/visit.mjs', [
      "const { default: app } = await import(process.argv[2]);",
      "if (typeof app?.fetch !== 'function') throw new Error('there is no export default { fetch }');",
      "const context = { waitUntil() {}, passThroughOnException() {} };",
      "const answer = await app.fetch(new Request('http://app.test/'), {}, context);",
      "if (!(answer instanceof Response)) throw new Error('fetch did not answer with a Response');",
      "if (answer.status >= 500) throw new Error('GET / answered ' + answer.status + ': ' + (await answer.text()).slice(0, 500));",
      "process.exit(0);",
    ].join('\\n'));
    check('GET /', run('node', ['${checkFolder}/visit.mjs', './bundle.mjs']));
  }
}
const tests = files.filter((one) => /^tests\\/.+\\.test\\.mjs$/.test(one));
if (tests.length > 0) check('the tests', run('node', ['--test', ...tests], { timeout: 30000 }));

for (const problem of failed) console.error('failed: ' + problem);
process.exit(failed.length === 0 ? 0 : 1);
`;
