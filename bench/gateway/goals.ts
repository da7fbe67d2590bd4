import type { GatewayResult } from './gateway-result.ts';
import type { Cell, Measured } from './measure-throughput.ts';
import { median, rounded } from './statistics.ts';
import type { SystemName } from './systems.ts';

/** One figure we hold ourselves to. */
export interface Goal {
  readonly name: string;
  readonly goal: string;
  readonly measured: number | undefined;
  /** Undefined when the run could not tell. */
  readonly reached: boolean | undefined;
}

/** [scenario 78] Compares a run with the goals of the gateway; ratios are taken between systems of the same cell, then the middle one. */
export function judge(result: Omit<GatewayResult, 'goals'>): Goal[] {
  const { cells } = result;
  const busy = cells.filter(({ connections }) => connections === 10 || connections === 50);
  const lone = cells.filter(({ connections }) => connections === 1);
  const rps = ({ requestsPerSecond }: Measured): number => requestsPerSecond;
  return [
    atLeast('requests/s over raw, durable, c=10 and 50', 0.5, ratios(busy, ['durable', 'raw'], rps)),
    atLeast('requests/s over raw, relaxed, c=10 and 50', 0.65, ratios(busy, ['relaxed', 'raw'], rps)),
    atMost(
      'p50 added to raw at c=1, durable, ms',
      0.9,
      added(lone, ['durable', 'raw'], ({ p50Ms }) => p50Ms),
    ),
    atMost(
      'p50 added to raw at c=1, relaxed, ms',
      0.3,
      added(lone, ['relaxed', 'raw'], ({ p50Ms }) => p50Ms),
    ),
    atMost('first byte added to raw at c=1, durable, ms', 1, firstByteAdded(lone)),
    atLeast('requests/s over Portkey, durable, c=10 and 50', 8, ratios(busy, ['durable', 'portkey'], rps)),
    atMost(
      'added p50 as share of Portkey’s, c=10 and 50',
      0.2,
      addedShares(busy, ({ p50Ms }) => p50Ms),
    ),
    atMost(
      'added p99 as share of Portkey’s, c=10 and 50',
      0.2,
      addedShares(busy, ({ p99Ms }) => p99Ms),
    ),
    ...judgeMemory(result),
    atMost('event loop delay p99, ms', 3, [result.loop.p99Ms]),
    atMost('npm start to first answer, s', 3, result.startSeconds === undefined ? [] : [result.startSeconds]),
  ];
}

function judgeMemory({ streams, idle, requestMemory, abortMemory }: Omit<GatewayResult, 'goals'>): Goal[] {
  const ours = streams.find(({ name }) => name === 'durable');
  const isQuiet = (errors: number): boolean => errors === 0;
  return [
    atMost('delay added per chunk of paced streams, p99, ms', 20, ours ? [ours.addedDelayP99Ms] : []),
    atMost('RSS with the paced streams open, MiB', 350, ours ? [ours.peakRssMebibytes] : []),
    atMost('idle RSS, MiB', 120, [idle.rssMebibytes]),
    atMost(
      'RSS growth over many requests, MiB',
      40,
      isQuiet(requestMemory.errors) ? [requestMemory.growthMebibytes] : [],
    ),
    atMost(
      'RSS growth over aborted streams, MiB',
      40,
      isQuiet(abortMemory.errors) ? [abortMemory.growthMebibytes] : [],
    ),
  ];
}

function atLeast(name: string, goal: number, values: readonly number[]): Goal {
  const measured = values.length === 0 ? undefined : median(values);
  return { name, goal: `>= ${goal}`, measured, reached: measured === undefined ? undefined : measured >= goal };
}

function atMost(name: string, goal: number, values: readonly number[]): Goal {
  const measured = values.length === 0 ? undefined : median(values);
  return { name, goal: `<= ${goal}`, measured, reached: measured === undefined ? undefined : measured <= goal };
}

type Pair = readonly [SystemName, SystemName];
type Pick = (measured: Measured) => number;

/** Figures of both systems, for every cell where both answered without errors. */
function both(cells: readonly Cell[], [one, other]: Pair, pick: Pick): [number, number][] {
  return cells.flatMap(({ systems }): [number, number][] => {
    const left = systems[one];
    const right = systems[other];
    const isFair = left && right && left.errors + right.errors === 0 && left.requestsPerSecond > 0;
    return isFair ? [[pick(left), pick(right)]] : [];
  });
}

function ratios(cells: readonly Cell[], pair: Pair, pick: Pick): number[] {
  return both(cells, pair, pick).map(([left, right]) => rounded(left / right));
}

function added(cells: readonly Cell[], pair: Pair, pick: Pick): number[] {
  return both(cells, pair, pick).map(([left, right]) => rounded(left - right));
}

function firstByteAdded(cells: readonly Cell[]): number[] {
  const streamed = cells.filter(({ workload }) => workload.endsWith('stream'));
  return added(streamed, ['durable', 'raw'], ({ firstByteP50Ms }) => firstByteP50Ms);
}

/** What we add to a direct call against what Portkey adds to it. */
function addedShares(cells: readonly Cell[], pick: Pick): number[] {
  return cells.flatMap((cell) => {
    const [ours] = added([cell], ['durable', 'direct'], pick);
    const [theirs] = added([cell], ['portkey', 'direct'], pick);
    return ours === undefined || theirs === undefined || theirs <= 0 ? [] : [rounded(ours / theirs)];
  });
}
