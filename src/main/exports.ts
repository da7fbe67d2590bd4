import { type ExportConfig, type LoadedConfig, readSecret } from '../config/index.ts';
import {
  CloudEventsSink,
  dropDelivered,
  type ExportSink,
  openStripe,
  Outbox,
  type Sink,
  StripeSink,
} from '../ledger/index.ts';
import type { Clock } from '../platform/clock.ts';
import type { Logger } from '../platform/logger.ts';
import type { Metrics } from '../platform/metrics.ts';
import { PeriodicTask } from '../platform/periodic-task.ts';
import type { Database } from '../storage/index.ts';

/** What delivering to other systems needs. */
export interface ExportsParts {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
  loaded(): LoadedConfig;
}

const deliverEveryMs = 1_000;
const forgetEveryMs = 3_600_000;

/** The configured exports, as the database keeps them for the projectors. */
export function exportSinks({ config }: LoadedConfig): ExportSink[] {
  return config.exports.map((one) =>
    one.type === 'stripe'
      ? {
          name: one.name,
          kind: one.type,
          meters: one.meters,
          customers: Object.keys(one.customers),
          invoiceItems: one.invoiceItems,
        }
      : { name: one.name, kind: one.type, meters: {} },
  );
}

/** Delivers what waits for other systems, in one gateway of many; a receiver that is down holds up nobody else. */
export function startExports(
  { clock, logger, metrics, loaded }: ExportsParts,
  database: Database,
): { stop(): Promise<void> } {
  const outbox = new Outbox({ database, clock });
  const sinks = new SinkBook();
  const delivered = metrics.counter(
    'switchyard_export_messages_total',
    'Messages to other systems by export and what came of them: sent, superseded, refused, retried.',
  );
  const stopping = new AbortController();
  let forgottenMs = Number.NEGATIVE_INFINITY;
  const deliver = async (one: ExportConfig): Promise<void> => {
    const round = await outbox.deliver(await sinks.open(one, loaded()), stopping.signal);
    for (const [state, count] of Object.entries(round)) {
      if (count > 0) delivered.add({ export: one.name, state }, count);
    }
    if (round.refused > 0) logger.error({ export: one.name, ...round }, 'an export refused messages');
    else if (round.retried > 0) logger.warn({ export: one.name }, 'an export could not be reached; it is tried again');
  };
  const turn = async (): Promise<void> => {
    const { exports } = loaded().config;
    if (exports.length === 0) return;
    await database.withLeader('exports', async () => {
      const outcomes = await Promise.allSettled(exports.map(deliver));
      for (const outcome of outcomes) {
        if (outcome.status === 'rejected') logger.warn({ err: outcome.reason }, 'an export failed; it is tried again');
      }
      if (clock.monotonicMs() - forgottenMs < forgetEveryMs) return;
      forgottenMs = clock.monotonicMs();
      await dropDelivered(database, clock.nowMs());
    });
  };
  const task = new PeriodicTask({
    everyMs: deliverEveryMs,
    turn,
    failed: (error) => logger.warn({ err: error }, 'exports could not be delivered; it is tried again'),
  });
  task.start();
  return {
    stop() {
      stopping.abort();
      return task.stop();
    },
  };
}

/** Opened receivers; one is opened anew when its configuration or its secret is another. */
class SinkBook {
  readonly #opened = new Map<string, { readonly settings: string; readonly sink: Sink }>();

  async open(one: ExportConfig, { secrets }: LoadedConfig): Promise<Sink> {
    const reference = one.type === 'stripe' ? one.secretKey : one.authorization;
    const secret = reference === undefined ? undefined : readSecret(reference, secrets);
    if (reference !== undefined && secret === undefined)
      throw new Error(`exports: ${one.name}: ${reference} is not set`);
    const settings = JSON.stringify([one, secret]);
    const known = this.#opened.get(one.name);
    if (known?.settings === settings) return known.sink;
    const sink = one.type === 'stripe' ? await this.#stripe(one, secret ?? '') : cloudEvents(one, secret);
    this.#opened.set(one.name, { settings, sink });
    return sink;
  }

  async #stripe(one: Extract<ExportConfig, { type: 'stripe' }>, secretKey: string): Promise<Sink> {
    const client = await openStripe({ secretKey, host: hostOf(one.apiUrl) });
    return new StripeSink({
      name: one.name,
      client,
      customerOf: (customer) => one.customers[customer],
    });
  }
}

function cloudEvents(one: Extract<ExportConfig, { type: 'cloudEvents' }>, authorization: string | undefined): Sink {
  const { name, url, timeoutMs } = one;
  return new CloudEventsSink({ name, url, authorization, timeoutMs });
}

function hostOf(apiUrl: string | undefined): Parameters<typeof openStripe>[0]['host'] {
  if (apiUrl === undefined) return undefined;
  const { protocol, hostname, port } = new URL(apiUrl);
  const isPlain = protocol === 'http:';
  const usualPort = isPlain ? 80 : 443;
  return {
    protocol: isPlain ? 'http' : 'https',
    host: hostname,
    port: port === '' ? usualPort : Number(port),
  };
}
