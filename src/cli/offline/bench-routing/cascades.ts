import type { RoutingModule } from './routing-module.ts';
import type { SplitSet } from './score-set.ts';
import { singlePoint } from './trade-off.ts';

const verifierError = 0.05;
const minRows = 30;

/** Chains chosen per job on train, valued on the other rows with a simulated verifier of known error. */
export function scoreCascades(routing: RoutingModule, { set, train, data }: SplitSet) {
  if (!set.hasCosts || set.models.length < 3) return [];
  const jobs = [...new Set(data.map(({ job }) => job))].sort();
  return jobs.flatMap((job) => {
    const evidence = train.filter((row) => row.job === job);
    const rows = data.filter((row) => row.job === job);
    if (evidence.length < minRows || rows.length < minRows) return [];
    const means = set.models.map((_, model) => singlePoint(evidence, model).score);
    const best = means.indexOf(Math.max(...means));
    const graded = (of: typeof rows) => ({
      models: set.models,
      rows: of.map(({ scores, costs }) => ({ scores, costs: costs ?? new Float64Array(scores.length) })),
    });
    const chain = routing.chooseChain(graded(evidence), { verifierError, best });
    if (!chain) return [];
    const { first, second } = chain;
    const valued = routing.valueChain(graded(rows), { first, second, verifierError, best, confidence: 1 });
    const single = singlePoint(rows, best);
    return [
      {
        set: set.name,
        job,
        verifierError,
        chain: [set.models[first] ?? '', set.models[second] ?? ''],
        accuracy: valued.accuracy,
        costShare: single.cost > 0 ? valued.cost / single.cost : null,
        bestSingle: single.score,
      },
    ];
  });
}
