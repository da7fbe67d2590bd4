import type { FinalFact } from '../../../src/domain/facts/facts.ts';
import type { ExchangeRecord } from '../../../src/gateway/index.ts';
import { type FakeUpstream, startFakeUpstream } from '../../fake-upstream/index.ts';
import { bootProduct } from './boot-product.ts';
import { clientDialects } from './client-dialects.ts';
import { waitUntil } from './wait-until.ts';

/** A product between a client and one fake upstream that is every host. */
export interface Stage {
  readonly url: string;
  readonly fake: FakeUpstream;
  /** Calls the fake upstream has seen for a model. */
  calls(model: string): number;
  /** The record of a model's only request, once it is over. */
  recordOf(model: string): Promise<ExchangeRecord>;
  record(requestId: string): Promise<ExchangeRecord>;
  close(): Promise<void>;
}

/** What a stage is set up with. */
export interface StageSettings {
  /** Models by name, as in `switchyard.yaml`; the hosts are `a-<dialect>` and `b-<dialect>`. */
  readonly models: { readonly [name: string]: object };
  readonly timeouts?: object;
  /** Timers of the `b` hosts, where they differ. */
  readonly spareTimeouts?: object;
  readonly server?: object;
  readonly keys?: readonly object[];
  readonly environment?: { readonly [name: string]: string };
  /** Hosts beside those of the fake upstream. */
  readonly hosts?: { readonly [name: string]: object };
}

/** Raises a product whose hosts `a-<dialect>` and `b-<dialect>` are one fake upstream. */
export async function raiseStage(settings: StageSettings): Promise<Stage> {
  const fake = await startFakeUpstream({ recordLimit: 10_000 });
  const hosts: Record<string, object> = { ...settings.hosts };
  const { timeouts = {}, spareTimeouts = timeouts } = settings;
  for (const protocol of clientDialects) {
    const baseUrl = protocol === 'gemini' ? fake.geminiUrl : fake.baseUrl;
    hosts[`a-${protocol}`] = { protocol, baseUrl, timeouts };
    hosts[`b-${protocol}`] = { protocol, baseUrl, timeouts: spareTimeouts };
  }
  const { models, server = {}, keys = [] } = settings;
  const config = Object.entries({ hosts, models, server, keys }).map(
    ([name, value]) => `${name}: ${JSON.stringify(value)}`,
  );
  const booted = await bootProduct(`${config.join('\n')}\n`, settings.environment);
  const record = async (requestId: string): Promise<ExchangeRecord> =>
    (await booted.control(`/api/v1/requests/${requestId}`)) as unknown as ExchangeRecord;
  return {
    url: booted.url,
    fake,
    calls: (model) => fake.stats().requestsByModel[model] ?? 0,
    record,
    async recordOf(model) {
      let requestId: string | undefined;
      await waitUntil(async () => {
        const live = (await booted.control('/api/v1/live')) as unknown as { requests: { recent: FinalFact[] } };
        requestId = live.requests.recent.find((final) => final.model === model)?.requestId;
        return requestId !== undefined;
      }, `the end of the request for ${model}`);
      let found: ExchangeRecord | undefined;
      await waitUntil(async () => {
        found = await record(requestId ?? '');
        // Until its first fact is written the record is a problem of status 404.
        return typeof found.status === 'string' && found.status !== 'running';
      }, `the final fact for ${model}`);
      if (!found) throw new Error('unreachable');
      return found;
    },
    async close() {
      await fake.close();
      await booted.close();
    },
  };
}

/** A model on one endpoint, or on several in this order, each given as host and scripted model. */
export function modelOn(...endpoints: readonly (readonly [host: string, model: string])[]): { endpoints: object[] } {
  return {
    endpoints: endpoints.map(([host, model], at) => ({ host, model, weight: at === 0 ? 1_000_000 : 0.000_001 })),
  };
}
