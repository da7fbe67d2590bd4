// @ts-check
// The one table of allowed imports between the modules of src/. The lint configuration is generated from it
// (`npm run generate`) and test/house/import-table.test.ts scans every specifier against it.
//
// - A module is a folder of src/, or main.ts. It may import itself and the modules named here, nothing else.
// - Of another module only its public files may be imported; the files of the open modules may be imported directly.
// - Type-only imports count: a type is knowledge too. Tests may import everything.

/** Modules without an own rule to hide: nouns and plumbing. Their files are imported one by one. */
export const openModules = ['domain', 'platform'];

/** What a module shows to others: its face, and its contract, which holds types only and is imported as such. */
export const publicFiles = ['index.ts', 'contract.ts'];

const features = [
  'catalog',
  'dispatch',
  'evals',
  'gateway',
  'journal',
  'ledger',
  'providers',
  'reports',
  'rollouts',
  'routing',
  'runtime',
  'signals',
  'simulator',
  'telemetry',
  'storage',
  'tenants',
  'config',
];

/** @type {Readonly<Record<string, readonly string[]>>} */
export const allowedImports = {
  domain: [],
  platform: [],
  config: ['domain', 'platform'],
  protocols: ['domain'],
  providers: ['domain', 'platform', 'protocols'],
  simulator: ['domain', 'platform', 'protocols'],
  journal: ['domain', 'platform'],
  telemetry: ['domain', 'platform'],
  storage: ['domain', 'platform'],
  catalog: ['domain', 'platform', 'config', 'storage'],
  signals: ['domain', 'platform', 'storage'],
  tenants: ['domain', 'platform', 'config', 'storage'],
  ledger: ['domain', 'platform', 'journal', 'storage', 'catalog', 'tenants'],
  routing: ['domain', 'platform', 'journal', 'storage', 'catalog', 'signals'],
  dispatch: ['domain', 'platform', 'protocols', 'providers', 'signals'],
  // It hands dialects around, hence protocols and providers; of storage it uses the response cache only.
  gateway: [
    'domain',
    'platform',
    'protocols',
    'providers',
    'journal',
    'storage',
    'catalog',
    'config',
    'signals',
    'tenants',
    'routing',
    'dispatch',
    'telemetry',
  ],
  evals: ['domain', 'platform', 'journal', 'storage', 'catalog', 'routing', 'gateway'],
  rollouts: ['domain', 'platform', 'journal', 'storage', 'catalog', 'routing', 'gateway'],
  runtime: ['domain', 'platform', 'journal', 'storage', 'tenants', 'gateway'],
  reports: ['domain', 'platform', 'storage', 'catalog', 'ledger'],
  http: ['domain', 'platform', 'protocols', ...features],
  // Published as its own package, for browsers as well: it imports nothing.
  sdk: [],
  cli: ['domain', 'platform', 'config', 'sdk', 'main'],
  main: ['domain', 'platform', 'protocols', 'http', ...features],
};

/**
 * Folders whose files may also import every module, but only lazily (`await import(...)` inside a function) or as
 * types: each offline command works on one module and must not load the others.
 */
export const lazyFolders = ['cli/offline'];

/** Modules that may only be imported lazily or as types, since loading them costs what a small command must not pay. */
export const lazyModules = ['main'];

/** Who may import the packages of this repository itself. */
export const workspaceImporters = { '@switchyard/sdk': ['cli'] };

/** Modules that may import neither packages nor Node: pure by construction. */
export const pureModules = ['domain', 'sdk'];
