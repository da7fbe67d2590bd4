import { createHash } from 'node:crypto';
import path from 'node:path';
import { readOptionalFile } from '../../../platform/read-optional-file.ts';
import { CliError } from '../../shell/cli-error.ts';
import { readTextFile } from '../../shell/read-file.ts';
import { scoreCascades } from './cascades.ts';
import { drift } from './drift.ts';
import { judge, type Skipped } from './goals.ts';
import { type BenchSet, listSets, loadSet } from './load-set.ts';
import { offPolicy } from './off-policy.ts';
import { replay } from './replays.ts';
import type { RoutingModule } from './routing-module.ts';
import { scoreSet, type SplitSet } from './score-set.ts';
import { timing } from './timing.ts';

/** What is measured. */
export interface BenchInput {
  readonly data: string;
  readonly train: readonly string[];
  readonly sets: readonly string[] | undefined;
  readonly excludeJobs: string | undefined;
  readonly seed: number;
  readonly version: string;
  readonly nowMs: () => number;
  readonly log: (line: string) => void;
}

const replaySets = ['llmrouter-9', 'bfcl-2024-08-11', 'routerbench-0shot'];
const offPolicySets = ['llmrouter-9'];
const offPolicySize = 1000;
const driftSets = ['bfcl-2024-07-25', 'bfcl-2024-08-11'] as const;
/** With fewer prompts there is nothing to learn from, nor to conclude. */
const minRows = 30;

/** Runs the whole report. */
export async function runBench(routing: RoutingModule, input: BenchInput) {
  const { splits, skipped } = await readSplits(input);
  const scored = splits.map((split) => {
    input.log(`${split.set.name}: ${split.train.length} to learn from, ${split.data.length} to score`);
    return scoreSet(routing, split, input.seed);
  });
  const everything = ({ train, data }: SplitSet) => [...train, ...data.filter(({ holdout }) => holdout !== 'task')];
  const named = (names: readonly string[]): SplitSet[] => splits.filter(({ set }) => names.includes(set.name));
  const replays = named(replaySets).map((split) => replay(routing, split.set, everything(split)));
  const [before, after] = driftSets.map((name) => splits.find(({ set }) => set.name === name));
  const whole = (split: SplitSet): BenchSet => ({ ...split.set, rows: everything(split) });
  const measured = {
    scored,
    replays,
    drift: before && after ? drift(routing, whole(before), whole(after)) : undefined,
    offPolicy: named(offPolicySets).map((split) =>
      offPolicy(routing, split.set, { rows: everything(split), size: offPolicySize }),
    ),
    cascades: splits.flatMap((split) => scoreCascades(routing, split)),
    timing: timing(routing, input.nowMs),
  };
  const judged = judge(measured);
  return {
    schema: 'switchyard.bench.routing/1',
    version: input.version,
    config: `sha256:${createHash('sha256').update(JSON.stringify(routing.learnerDefaults)).digest('hex')}`,
    seed: input.seed,
    train: input.train,
    data: input.data,
    sets: scored.map(({ entry }) => entry),
    replay: replays,
    drift: measured.drift ?? null,
    ope: measured.offPolicy,
    cascade: measured.cascades,
    timing: measured.timing,
    skipped: [...skipped, ...judged.skipped],
    goals: judged.goals,
  };
}

/** The report of a run. */
export type BenchReport = Awaited<ReturnType<typeof runBench>>;

async function readSplits(input: BenchInput): Promise<{ splits: SplitSet[]; skipped: Skipped[] }> {
  const unseen = await readUnseen(input);
  const names = (await listSets(input.data)).filter((name) => input.sets?.includes(name) ?? true);
  if (names.length === 0) throw new CliError(`there is no set to score in ${input.data}`, 1);
  const known = await Promise.all(input.train.map(async (folder) => ({ folder, names: await listSets(folder) })));
  const splits: SplitSet[] = [];
  const skipped: Skipped[] = [];
  for (const name of names) {
    const folders = known.filter((one) => one.names.includes(name));
    if (folders.length === 0) {
      skipped.push({ set: name, reason: 'no training counterpart' });
      continue;
    }
    const trained = await Promise.all(folders.map(({ folder }) => loadSet(folder, name)));
    const data = await loadSet(input.data, name);
    const [set] = trained;
    if (!set) continue;
    checkLeak(name, trained, data);
    const train = trained.flatMap(({ rows }) => rows);
    if (train.length < minRows) {
      skipped.push({ set: name, reason: `only ${train.length} prompts to learn from` });
      continue;
    }
    splits.push({ set, train, data: alignModels(set, data), unseen: new Set(unseen[name] ?? []) });
  }
  return { splits, skipped };
}

/** A row on both sides would make every figure a lie. */
function checkLeak(name: string, trained: readonly BenchSet[], data: BenchSet): void {
  const ids = new Set(trained.flatMap((one) => one.ids));
  const shared = data.ids.find((id) => ids.has(id));
  if (shared !== undefined) throw new CliError(`the set ${name} has the row ${shared} on both sides`, 1);
}

/** The scored models are those of the training set, in its order. */
function alignModels(set: BenchSet, data: BenchSet): BenchSet['rows'] {
  const places = set.models.map((model) => data.models.indexOf(model));
  if (places.every((place, at) => place === at)) return data.rows;
  const pick = (values: Float64Array): Float64Array =>
    Float64Array.from(places, (place) => values[place] ?? Number.NaN);
  return data.rows.map((row) => ({
    ...row,
    scores: pick(row.scores),
    costs: row.costs ? pick(row.costs) : undefined,
    latencyMs: row.latencyMs ? pick(row.latencyMs) : undefined,
  }));
}

async function readUnseen({ excludeJobs, data }: BenchInput): Promise<Record<string, string[]>> {
  const beside = path.join(data, '..', 'newjobs.json');
  const text = excludeJobs === undefined ? await readOptionalFile(beside) : await readTextFile(excludeJobs);
  return text === undefined ? {} : (JSON.parse(text) as Record<string, string[]>);
}
