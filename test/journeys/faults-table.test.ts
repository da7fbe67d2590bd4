import { beforeAll, describe, expect, it } from 'vitest';
import { expandTable, type FaultCase, type Observed, runCases } from './support/fault-runner.ts';
import { faultTable } from './support/fault-table.ts';
import { differences } from './support/fault-verdict.ts';

const cases = expandTable();
const minCases = 1000;

/** Every fault, in every dialect, passed through and translated, streamed and not, alone and with a second endpoint. */
describe('an upstream that', () => {
  let observed: ReadonlyMap<FaultCase, Observed>;
  beforeAll(async () => {
    observed = await runCases(cases);
  }, 300_000);

  it.each(faultTable.map((row) => [scenariosOf(row.scenarios) + row.what, row] as const))('%s', (_title, row) => {
    const own = [...observed].filter(([one]) => one.row === row);
    expect(own.length).toBeGreaterThan(0);
    expect(own.flatMap(([one, seen]) => differences(one, seen))).toEqual([]);
  });

  it('is never the cause of a silent truncation, of a hang, or of a lost fact', () => {
    expect(observed.size).toBe(cases.length);
    expect(cases.length).toBeGreaterThan(minCases);
    const all = [...observed.values()];
    expect(all.filter(({ client }) => client.kind === 'silent' || client.kind === 'hang')).toEqual([]);
    expect(all.filter(({ finals }) => finals.length !== 1)).toEqual([]);
  });
});

function scenariosOf(numbers: readonly number[]): string {
  return numbers.map((number) => `[scenario ${number}] `).join('');
}
