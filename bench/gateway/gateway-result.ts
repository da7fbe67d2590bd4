import type { Goal } from './goals.ts';
import type { IdleMeasured, LoopMeasured, MemoryMeasured, StreamsMeasured } from './measure-gateway.ts';
import type { Cell } from './measure-throughput.ts';

/** Where and when a run took place: its absolute figures mean nothing without it. */
export interface Surroundings {
  readonly processor: string;
  readonly cores: number;
  readonly memoryGibibytes: number;
  readonly node: string;
  readonly system: string;
  readonly startedAt: string;
  /** Mean number of runnable processes before the run: above 0 means that the machine was not ours alone. */
  readonly loadBefore: number;
  readonly loadAfter: number;
  readonly pinned: boolean;
}

/** Everything `npm run bench:gateway` found. */
export interface GatewayResult {
  readonly surroundings: Surroundings;
  readonly cells: readonly Cell[];
  readonly disk: { readonly writeAndSyncP50Ms: number; readonly writeAndSyncP99Ms: number };
  readonly streams: readonly StreamsMeasured[];
  readonly idle: IdleMeasured;
  readonly requestMemory: MemoryMeasured;
  readonly abortMemory: MemoryMeasured;
  readonly loop: LoopMeasured;
  readonly startSeconds: number | undefined;
  readonly goals: readonly Goal[];
}
