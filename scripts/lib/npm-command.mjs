// @ts-check
import { existsSync, realpathSync } from 'node:fs';
import { basename, delimiter, dirname, join } from 'node:path';

/**
 * What an inherited npm setting may still say: where packages come from and how to reach it.
 * Everything else (`omit`, `global`, `dry_run`, `prefix`, ...) could change which tree is installed.
 */
const keptSettings = new RegExp(
  '^(' +
    [
      'registry|userconfig|globalconfig|cache|offline|prefer_offline',
      'ca|cafile|cert|key|strict_ssl|proxy|http_proxy|https_proxy|noproxy|local_address',
      'fetch_.*|maxsockets|loglevel|user_agent|update_notifier',
      '@.*:registry|//.*',
    ].join('|') +
    ')$',
  'i',
);

/**
 * The environment for a child npm: ours, without the inherited npm settings that would change the result.
 * @param {NodeJS.ProcessEnv} environment
 * @returns {NodeJS.ProcessEnv}
 */
export function npmEnvironment(environment) {
  return Object.fromEntries(
    Object.entries(environment).filter(([name]) => {
      const setting = /^npm_config_(.*)$/i.exec(name)?.[1];
      return setting === undefined || keptSettings.test(setting);
    }),
  );
}

/**
 * npm's own JavaScript entry, run by this very Node: the npm that started us, else the one beside Node, else the one
 * on PATH. Another package manager's entry is not taken, since only npm reads our lockfile.
 * @param {NodeJS.ProcessEnv} environment
 * @returns {string}
 */
export function findNpmEntry(environment) {
  const nodeFolder = dirname(process.execPath);
  const candidates = [
    environment['npm_execpath'],
    join(nodeFolder, '..', 'lib', 'node_modules', 'npm', 'bin', 'npm-cli.js'),
    join(nodeFolder, 'node_modules', 'npm', 'bin', 'npm-cli.js'),
    ...(environment['PATH'] ?? '').split(delimiter).map((folder) => join(folder, 'npm')),
  ];
  for (const candidate of candidates) {
    if (candidate === undefined || candidate === '' || !existsSync(candidate)) continue;
    const entry = realpathSync(candidate);
    if (basename(entry) === 'npm-cli.js') return entry;
  }
  throw new Error('npm was not found; run `npm ci --ignore-scripts` in this folder by hand');
}
