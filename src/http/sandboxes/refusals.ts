/** What the protocol knows and this product does not do yet, each with the reason that a client is told. */
export const refusals = {
  codeInterpreter:
    'The code interpreter is not supported yet: run `python3` or `node` with commands.run instead of runCode.',
  fork: 'Sandboxes cannot be forked yet: create another one and copy the files.',
  iam: 'Identity tokens are not supported.',
  logs: 'Logs of sandboxes are not kept: follow commands while they run.',
  mcp: 'Sandboxes with an MCP gateway are not supported.',
  network: 'Sandboxes have no network: rules for it cannot be set yet.',
  pty: 'Terminals (PTY) are not supported yet: use commands.run, with `stdin: true` where a program asks.',
  secrets: 'Stored secrets are not supported: hand variables to the sandbox or to a command with `envs`.',
  snapshots: 'Snapshots are not supported yet: pause keeps the files of a sandbox.',
  streamInput: 'A stream of input is not supported: send input in pieces with SendInput.',
  templates: 'Templates cannot be built: sandboxes have the programs of this machine.',
  volumes: 'Volumes are not supported: files live as long as their sandbox.',
} as const;

/** One of these. */
export type Refusal = keyof typeof refusals;

/** Thrown where something is asked for that is not supported; answered as 501 with the reason. */
export class UnsupportedError extends Error {
  constructor(refusal: Refusal) {
    super(`${refusals[refusal]} (501)`);
    this.name = 'UnsupportedError';
  }
}

const refusedPaths: readonly (readonly [pattern: RegExp, refusal: Refusal])[] = [
  [/^(\/v2)?\/sandboxes\/[^/]+\/fork$/, 'fork'],
  [/^(\/v2)?\/sandboxes\/[^/]+\/snapshots$/, 'snapshots'],
  [/^\/snapshots$/, 'snapshots'],
  [/^(\/v2)?\/sandboxes\/[^/]+\/network$/, 'network'],
  [/^(\/v2)?\/sandboxes\/[^/]+\/logs$/, 'logs'],
  [/^(\/v\d)?\/templates(\/|$)/, 'templates'],
  [/^\/volumes(\/|$)/, 'volumes'],
  [/^\/secrets(\/|$)/, 'secrets'],
];

/** Why a path of the protocol is not served; undefined for paths that it does not know either. */
export function refusalOf(path: string): Refusal | undefined {
  return refusedPaths.find(([pattern]) => pattern.test(path))?.[1];
}
