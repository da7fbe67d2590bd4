import { isIP } from 'node:net';
import { formatProblem, loadConfig, watchConfig } from './config/index.ts';
import { closeServer, ensureBindable, listen } from './http/index.ts';
import { type Core, createCore } from './main/core.ts';
import { openEdge } from './main/edge.ts';
import { refuseOpenBind } from './main/network.ts';
import { logReloadProblem, reload, reprobe } from './main/reload.ts';
import type { ServeOptions } from './main/serve-options.ts';
import { ownerTokenMatcher, readOwnerToken } from './tenants/index.ts';

export type { ServeOptions } from './main/serve-options.ts';

/** The running product. */
export interface Product {
  readonly url: string;
  readonly ownerToken: string;
  readonly ownerTokenIsNew: boolean;
  /** Lines for a person who just started it. */
  readonly hints: readonly string[];
  /** Reads the configuration anew; the last good one stays if it is unusable. */
  reload(): void;
  /** Takes no new work, lets running streams finish up to the deadline, seals the journal. */
  drain(): Promise<void>;
}

/** Starts everything in order. Throws ConfigError or Fault when it cannot be started as configured. */
export async function startProduct(options: ServeOptions): Promise<Product> {
  const loaded = loadConfig(
    options.configFile ?? 'switchyard.yaml',
    options.environment,
    options.configFile !== undefined,
  );
  const bindHost = options.host ?? loaded.config.server.host;
  const bindPort = options.port ?? loaded.config.server.port;
  refuseOpenBind(bindHost, loaded);
  await ensureBindable(bindHost, bindPort);
  const owner = readOwnerToken(options.dataDirectory, options.environment['SWITCHYARD_OWNER_TOKEN']);
  const core = await createCore(options, loaded, ownerTokenMatcher(owner.token));
  await replayJournal(core);
  const server = openEdge(core, owner.token);
  const port = await listen(server, bindHost, bindPort).catch(async (error: unknown) => {
    await core.close();
    throw error;
  });
  core.apps.listening(`http://${loopbackOf(bindHost)}:${port}`);
  const watch = watchConfig(loaded, options.environment, {
    changed: (next, difference) => reload(core, next, { difference, bindHost }),
    refused: (error) => logReloadProblem(core.logger, error),
  });
  return {
    url: `http://${isIP(bindHost) === 6 ? `[${bindHost}]` : bindHost}:${port}`,
    ownerToken: owner.token,
    ownerTokenIsNew: owner.isNew,
    hints: hintsOf(core),
    reload() {
      watch.reload();
      reprobe(core);
    },
    async drain() {
      core.state.isDraining = true;
      watch.close();
      await closeServer(server, core.state.snapshot.loaded.config.server.drainMs);
      await core.close();
    },
  };
}

/** Apps reach the gateway on this machine, whatever it is bound to. */
function loopbackOf(bindHost: string): string {
  if (bindHost === '0.0.0.0' || bindHost === '::') return '127.0.0.1';
  return isIP(bindHost) === 6 ? `[${bindHost}]` : bindHost;
}

/** What routing learned and what limits have counted are projections of the journal: read again at each start. */
async function replayJournal({ journal, outcomes, outcomeDesk, learning, money, rollouts }: Core): Promise<void> {
  learning.replaying(true);
  for await (const { fact } of journal.read()) {
    rollouts.restore(fact);
    if (fact.type === 'outcome') outcomes.note(fact);
    else {
      if (fact.type === 'final') learning.noteAnswer(fact);
      if (fact.type === 'open') outcomeDesk.noteOpened(fact);
      money.restore(fact);
    }
  }
  learning.replaying(false);
  learning.start();
}

function hintsOf({ state, providers }: Core): string[] {
  const { catalog, loaded } = state.snapshot;
  const ready = catalog.hosts().map(({ id }) => id);
  const missing = providers.listProviders().flatMap(({ keyEnv, id }) => (ready.includes(id) ? [] : keyEnv.slice(0, 1)));
  return [
    loaded.exists ? `Configuration: ${loaded.file}` : `No ${loaded.file}: running on defaults.`,
    ready.length > 0
      ? `Hosts ready: ${ready.join(', ')}`
      : 'No provider keys found; simulated models sim/* answer, labelled as simulated.',
    `Set a key to add its host: ${missing.slice(0, 4).join(', ')} …`,
    ...loaded.warnings.map((warning) => formatProblem(loaded.file, warning)),
  ];
}
