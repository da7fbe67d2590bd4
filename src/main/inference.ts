import type { LoadedConfig } from '../config/index.ts';
import { createMediaFetcher, createUpstreamPools, DrainRoom, Hedging } from '../dispatch/index.ts';
import type { Host } from '../domain/calls/endpoint.ts';
import { Fault } from '../domain/faults/fault.ts';
import {
  askForVector,
  type EmbedderDeps,
  type ExchangeBoard,
  Gateway,
  type LeftAnswerPort,
  type ObjectGateway,
  openKept,
  type OutcomeDesk,
  OwnAccounts,
  PromptEmbedder,
  type ResponseCache,
  type ToolExecutor,
  type Verifier,
  type VerifierBook,
} from '../gateway/index.ts';
import type { Journal } from '../journal/index.ts';
import { systemClock } from '../platform/clock.ts';
import type { Logger } from '../platform/logger.ts';
import { createSystemRandom } from '../platform/random.ts';
import { createTimerWheel } from '../platform/timer-wheel.ts';
import type { Provider, ProviderRegistry } from '../providers/index.ts';
import type { RolloutService } from '../rollouts/index.ts';
import { type LearningService, StickyMap } from '../routing/index.ts';
import type { Signals } from '../signals/index.ts';
import type { Telemetry } from '../telemetry/index.ts';
import type { Business } from './business.ts';
import { networkOf } from './network.ts';
import type { ServeOptions } from './serve-options.ts';
import type { Snapshots } from './snapshots.ts';

/** The parts that requests of models pass through. */
export interface Inference {
  readonly gateway: Gateway;
  readonly objects: ObjectGateway;
  /** Absent: prompts are read by their words. */
  readonly embedder: PromptEmbedder | undefined;
  /** Takes no new work and lets what runs come to its end. */
  drain(): Promise<void>;
  /** Ends the connections to hosts; after `drain`. */
  close(): Promise<void>;
}

/** What they are made of. */
export interface InferenceParts {
  readonly options: ServeOptions;
  readonly loaded: LoadedConfig;
  readonly state: Snapshots['state'];
  readonly providers: ProviderRegistry;
  readonly signals: Signals;
  readonly journal: Journal;
  readonly business: Business;
  readonly board: ExchangeBoard;
  readonly cache: ResponseCache;
  readonly learning: LearningService;
  readonly outcomeDesk: OutcomeDesk;
  readonly rollouts: RolloutService;
  readonly leftAnswers: LeftAnswerPort;
  readonly tools: ToolExecutor;
  readonly verifiers: readonly Verifier[];
  readonly verifierBook: VerifierBook;
  readonly tracing: Telemetry['tracing'];
  readonly logger: Logger;
  newId(prefix: string): string;
}

/** Opens the way from a request to the hosts and back. */
export async function openInference(parts: InferenceParts): Promise<Inference> {
  const { options, loaded, state, providers, signals, journal, business, board, cache, logger, newId } = parts;
  const wheel = createTimerWheel(systemClock);
  const pools = createUpstreamPools(networkOf(loaded, options.environment));
  const media = createMediaFetcher(loaded.config.network, wheel);
  const providerOf = ({ host }: { host: Host }): Provider => providerOfHost(providers, host);
  const random = createSystemRandom();
  const shared = {
    dispatch: { drains: new DrainRoom(), pools, media, signals, wheel, clock: systemClock, random, providerOf },
    journal,
    money: business.money.ports,
    board,
    clock: systemClock,
    logger,
    newId,
    settings: () => ({ catalog: state.snapshot.catalog, config: state.snapshot.loaded.config }),
  };
  const kept = await openKept(options.dataDirectory, shared);
  const { learning, outcomeDesk, rollouts, tools, verifiers, verifierBook, tracing } = parts;
  const ask: EmbedderDeps['embed'] = (asked) => askForVector({ gateway, newId }, asked);
  const embedder = openEmbedder(parts, { wheel, ask });
  const gateway: Gateway = new Gateway({
    ...shared,
    embedder,
    responses: kept.responses,
    files: kept.files,
    learning,
    outcomeDesk,
    sticky: new StickyMap(systemClock),
    rollouts,
    leftAnswers: parts.leftAnswers,
    tools,
    verifiers,
    verifierBook,
    accounts: new OwnAccounts({ hostsOf: (customer) => business.credentials().get(customer) }),
    hedging: new Hedging(systemClock),
    cache,
    tracing,
  });
  return {
    gateway,
    embedder,
    objects: kept.objects,
    drain: () => gateway.close(),
    async close() {
      // Calls about objects run on without their clients; past the grace they end with their connections.
      const cut = wheel.after(state.snapshot.loaded.config.server.drainMs, () => void pools.close());
      await kept.settled();
      cut.cancel();
      await pools.close();
      wheel.close();
    },
  };
}

/** Reads prompts by the embeddings model that the configuration names. */
function openEmbedder(
  { loaded, state }: Pick<InferenceParts, 'loaded' | 'state'>,
  { wheel, ask: embed }: { readonly wheel: EmbedderDeps['wheel']; readonly ask: EmbedderDeps['embed'] },
): PromptEmbedder | undefined {
  const { features: settings } = loaded.config.routing;
  const catalog: EmbedderDeps['catalog'] = () => state.snapshot.catalog;
  return settings && new PromptEmbedder({ settings, clock: systemClock, wheel, catalog, embed });
}

function providerOfHost(providers: ProviderRegistry, host: Host): Provider {
  const provider = providers.getProvider(host.providerId);
  if (!provider) throw new Fault('internal', { message: `The host ${host.id} has no provider.` });
  return provider;
}
