import type { Fact } from '../../../domain/facts/facts.ts';
import { formatNanosAsUsd } from '../../../domain/money/money.ts';
import { exitCodes } from '../../shell/cli-error.ts';
import { type Terminal, writeJson, writeLine } from '../../shell/terminal.ts';
import { findJournalFolder } from './journal-folder.ts';

/** Sums of one model. */
interface ModelSums {
  requests: number;
  failed: number;
  aborted: number;
  costNanos: bigint;
  unknownCosts: number;
  readonly usage: { [bucket: string]: number };
}

/** Beyond this many names the rest is summed under one; names come from configuration, so this is a safety net. */
const maxModels = 10_000;

/** Sums up a journal by model, with attempts and faults over all of it. */
export async function runJournalStats(
  options: { readonly folder: string; readonly json: boolean },
  terminal: Terminal,
): Promise<number> {
  const { readJournalDirectory } = await import('../../../journal/index.ts');
  const stats = new JournalStats();
  for await (const { fact } of readJournalDirectory(findJournalFolder(options.folder))) stats.add(fact);
  if (options.json) writeJson(terminal, stats.toJson());
  else for (const line of stats.describe()) writeLine(terminal, line);
  return exitCodes.ok;
}

class JournalStats {
  readonly #models = new Map<string, ModelSums>();
  readonly #faults = new Map<string, number>();
  readonly #facts = new Map<string, number>();

  add(fact: Fact): void {
    bump(this.#facts, fact.type);
    if (fact.type === 'attempt' && fact.fault !== undefined) bump(this.#faults, fact.fault);
    if (fact.type !== 'final') return;
    const sums = this.#sumsOf(fact.model);
    sums.requests++;
    if (fact.status === 'failed') sums.failed++;
    if (fact.status === 'aborted') sums.aborted++;
    if (fact.costNanos === null) sums.unknownCosts++;
    else sums.costNanos += BigInt(fact.costNanos);
    for (const [bucket, units] of Object.entries(fact.usage ?? {}))
      sums.usage[bucket] = (sums.usage[bucket] ?? 0) + units;
  }

  toJson(): object {
    return {
      facts: Object.fromEntries(this.#facts),
      attemptFaults: Object.fromEntries(this.#faults),
      models: Object.fromEntries(this.#models),
    };
  }

  describe(): string[] {
    const list = (counts: ReadonlyMap<string, number>): string =>
      [...counts].map(([name, count]) => `${name} ${count}`).join(', ') || 'none';
    return [
      `facts: ${list(this.#facts)}`,
      `faults of attempts: ${list(this.#faults)}`,
      ...[...this.#models].map(([model, sums]) => {
        const usage = Object.entries(sums.usage).map(([bucket, units]) => `${bucket} ${units}`);
        const unknown = sums.unknownCosts === 0 ? '' : ` and ${sums.unknownCosts} of unknown price`;
        const ends = `${sums.requests} requests, ${sums.failed} failed, ${sums.aborted} aborted`;
        return `${model}: ${[ends, ...usage, `cost ${formatNanosAsUsd(sums.costNanos)}${unknown}`].join(', ')}`;
      }),
    ];
  }

  #sumsOf(model: string): ModelSums {
    const name = this.#models.has(model) || this.#models.size < maxModels ? model : '(others)';
    const sums = this.#models.get(name) ?? {
      requests: 0,
      failed: 0,
      aborted: 0,
      costNanos: 0n,
      unknownCosts: 0,
      usage: {},
    };
    this.#models.set(name, sums);
    return sums;
  }
}

function bump(counts: Map<string, number>, name: string): void {
  counts.set(name, (counts.get(name) ?? 0) + 1);
}
