import type { LoggedExchange } from '../../domain/facts/exchange-log.ts';
import { clusteredMean } from '../../domain/statistics/clustered-mean.ts';
import type { Interval } from '../../domain/statistics/normal.ts';
import type { Parity, Saving, SavingLayer } from './roi-report.ts';
import { type SavingRow, type SavingSteps, stepsOf } from './saving-steps.ts';

/** Splits what was saved against always asking the baseline; undefined when no logged choice names the baseline. */
export function measureSaving(exchanges: readonly LoggedExchange[], parity: Parity): Saving | undefined {
  const { used, rows, steps, best } = stepsOf(exchanges, parity);
  if (rows.length === 0) return undefined;
  const layer = (name: SavingLayer['name'], note: string, saved: (one: SavingSteps) => number): SavingLayer =>
    measureLayer({ name, note, values: steps.map((one, at) => ({ cluster: clusterOf(rows, at), value: saved(one) })) });
  const layers: SavingLayer[] = [
    layer(
      'price and host',
      `${parity.baseline} on the hosts that were used`,
      ({ baselineNanos, hostsNanos }) => baselineNanos - hostsNanos,
    ),
    layer(
      'static best',
      `one model for the job: ${[...new Set(best)].join(' or ')}`,
      ({ hostsNanos, staticBestNanos }) => hostsNanos - staticBestNanos,
    ),
    unmeasured('prompt cache', 'contained in the costs of all layers, not split out'),
    layer(
      'prompt-level routing',
      'another model for some requests',
      ({ staticBestNanos, singleNanos }) => staticBestNanos - singleNanos,
    ),
    cascadeLayer(rows, steps),
  ];
  const actualNanos = used.reduce((sum, { costNanos }) => sum + (costNanos ?? 0n), 0n);
  const baselineNanos = BigInt(Math.round(steps.reduce((sum, one) => sum + one.baselineNanos, 0)));
  const savedNanos = baselineNanos - actualNanos;
  const explained = layers.reduce((sum, one) => sum + one.savedNanos, 0n);
  return {
    baselineNanos,
    actualNanos,
    savedNanos,
    layers,
    restNanos: savedNanos - explained,
    requests: rows.length,
    parity,
  };
}

/**
 * What asking a chain saved against the model that was drawn, alone. Where some requests were held out of it at random
 * these are the measure, with expectations taking out what differs between requests; else it rests on expectations.
 */
function cascadeLayer(rows: readonly SavingRow[], steps: readonly SavingSteps[]): SavingLayer {
  const name = 'verifier cascade';
  const chains = rows.filter(({ chain }) => chain !== undefined).length;
  const asked = rows.filter(({ chain }) => chain?.isAsked === true).length;
  const heldOut = chains - asked;
  if (chains === 0) return unmeasured(name, 'none answered');
  const about = `${asked} of ${rows.length} requests, all drafts counted`;
  if (heldOut < fewestHeldOut) {
    const why = heldOut === 0 ? 'no request was held out' : `only ${heldOut} requests were held out`;
    const note = `${about}; against what is expected of the model alone, since ${why} (\`heldOutShare\` of the cascade)`;
    const saved = ({ singleNanos, paidNanos }: SavingSteps): number => singleNanos - paidNanos;
    return measureLayer({
      name,
      note,
      values: steps.map((one, at) => ({ cluster: clusterOf(rows, at), value: saved(one) })),
    });
  }
  const note = `${about}; against ${heldOut} that were held out at random`;
  return measureLayer({ name, note, values: rows.map((row) => ({ cluster: row.cluster, value: savedByChain(row) })) });
}

const fewestHeldOut = 30;

/** Doubly robust: whatever was expected, it is right on average; good expectations make it certain sooner. */
function savedByChain({ chain, expected, actual }: SavingRow): number {
  if (chain === undefined) return 0;
  const alone = expected.get(chain.single) ?? 0;
  // Of the requests that a chain was planned for, this share was asked, and only these saved anything.
  const saved = alone - chain.expected;
  const correction = chain.isAsked ? -(actual - chain.expected) / chain.chance : (actual - alone) / (1 - chain.chance);
  return chain.chance * (saved + correction);
}

function clusterOf(rows: readonly SavingRow[], at: number): string {
  return rows[at]?.cluster ?? '';
}

function measureLayer(of: {
  name: SavingLayer['name'];
  note: string;
  values: readonly { cluster: string; value: number }[];
}): SavingLayer {
  const mean = clusteredMean(of.values);
  const count = of.values.length;
  const nanos = (mean?.mean ?? 0) * count;
  const interval: Interval | undefined = mean?.interval && [mean.interval[0] * count, mean.interval[1] * count];
  const isSure = interval !== undefined && (interval[0] > 0 || interval[1] < 0);
  return {
    name: of.name,
    savedNanos: isSure ? BigInt(Math.round(nanos)) : 0n,
    measured: { nanos, interval },
    note: isSure ? of.note : `${of.note}; the interval covers zero`,
  };
}

function unmeasured(name: SavingLayer['name'], note: string): SavingLayer {
  return { name, savedNanos: 0n, note };
}
