// @ts-check
// `npm run build` (with --force) and the second pre-step of `npm start`.
import { ensureBuilt } from './lib/ensure-built.mjs';
import { logToStderr, messageOf } from './lib/log-to-stderr.mjs';
import { repositoryRoot } from './lib/repository-root.mjs';

try {
  await ensureBuilt({ root: repositoryRoot, force: process.argv.includes('--force'), log: logToStderr });
} catch (error) {
  logToStderr(`build failed: ${messageOf(error)}`);
  process.exitCode = 1;
}
