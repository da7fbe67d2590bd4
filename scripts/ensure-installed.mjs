// @ts-check
// Pre-step of `npm start` and `npm test`; only Node's own modules, since it runs before anything is installed.
import { ensureInstalled } from './lib/ensure-installed.mjs';
import { logToStderr, messageOf } from './lib/log-to-stderr.mjs';
import { repositoryRoot } from './lib/repository-root.mjs';

try {
  await ensureInstalled({ root: repositoryRoot, environment: process.env, log: logToStderr });
} catch (error) {
  logToStderr(`dependencies could not be installed: ${messageOf(error)}`);
  process.exitCode = 1;
}
