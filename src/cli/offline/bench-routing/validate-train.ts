import { CliError } from '../../shell/cli-error.ts';
import { crossValidate } from './cross-validate.ts';
import { listSets, loadSet } from './load-set.ts';
import { type ReferenceName, referenceNames } from './references.ts';
import type { RoutingModule } from './routing-module.ts';

/** Areas under the hulls of one set, cross-validated on the rows to learn from. */
export interface ValidatedSet {
  readonly set: string;
  readonly rows: number;
  readonly router: number;
  readonly references: Readonly<Record<ReferenceName, number>>;
}

/** What a change of the router is judged by before any row to score is looked at. */
export interface TrainValidation {
  readonly sets: readonly ValidatedSet[];
  /** Reference that is best over all sets, and the mean gain over it. */
  readonly reference: ReferenceName;
  readonly meanGain: number;
}

/** With fewer prompts there is nothing to hold out. */
const minRows = 30;

/** Cross-validates router and reference methods on every set with costs. */
export async function validateTrain(
  routing: RoutingModule,
  of: {
    readonly train: readonly string[];
    readonly sets: readonly string[] | undefined;
    readonly log: (line: string) => void;
  },
): Promise<TrainValidation> {
  const [folder] = of.train;
  const names = folder === undefined ? [] : await listSets(folder);
  const sets: ValidatedSet[] = [];
  for (const name of names.filter((one) => of.sets?.includes(one) ?? true)) {
    const loaded = await Promise.all(of.train.map((one) => loadSet(one, name)));
    const [set] = loaded;
    if (!set?.hasCosts) continue;
    const train = loaded.flatMap(({ rows }) => rows);
    if (train.length < minRows) continue;
    of.log(`${name}: ${train.length} rows`);
    const { area, areas } = crossValidate(routing, { set, train, data: [], unseen: new Set() });
    sets.push({ set: name, rows: train.length, router: area, references: areas });
  }
  if (sets.length === 0) throw new CliError('there is no set with costs to validate on', 1);
  const total = (name: ReferenceName): number => sets.reduce((sum, { references }) => sum + references[name], 0);
  const reference = referenceNames.reduce((best, name) => (total(name) > total(best) ? name : best));
  const meanGain = (sets.reduce((sum, { router }) => sum + router, 0) - total(reference)) / sets.length;
  return { sets, reference, meanGain };
}
