import type { Transaction } from 'kysely';
import type { Tables } from '../../storage/index.ts';
import type { BudgetRule, ChargeFunding, ProjectedCharge, SpendingNotice, SpendingRules } from './contract.ts';
import { timeZoneOf } from './counter-book.ts';
import { fundFromWallets } from './fund-charges.ts';
import { PeriodCalendar } from './period.ts';
import { type CounterCharge, moveLeases, postCharges } from './projected-counters.ts';
import { RuleIndex } from './rule-index.ts';
import { readSpendingRules } from './spending-rules.ts';
import { subjectOf } from './subject.ts';

/** What projecting charges brought about. */
export interface SettledCharges {
  /** Of customers with a wallet; others owe the whole charge. */
  readonly fundings: readonly ChargeFunding[];
  readonly notices: readonly SpendingNotice[];
}

interface RuleHolder {
  readonly rule: BudgetRule;
}

/**
 * Moves projected charges from leases to what is spent, and burns wallets, in the projector's own transaction. A charge
 * must come here exactly once; rebuilding other projections must not call it.
 */
export class ChargeProjector {
  readonly #calendar = new PeriodCalendar();
  #version: bigint | undefined;
  #rules: SpendingRules = { budgets: [], rates: [], timeZone: 'UTC', timeZones: new Map() };
  #index = new RuleIndex<RuleHolder>([]);

  async settleProjected(trx: Transaction<Tables>, rows: readonly ProjectedCharge[]): Promise<SettledCharges> {
    if (rows.length === 0) return { fundings: [], notices: [] };
    await this.#refresh(trx);
    const charges = this.#charges(rows);
    const notices = await postCharges(trx, charges);
    notices.push(...(await moveLeases(trx, charges)));
    const fundings = await fundFromWallets(trx, rows);
    return { fundings, notices };
  }

  async #refresh(trx: Transaction<Tables>): Promise<void> {
    const current = await trx.selectFrom('control_version').select('version').executeTakeFirst();
    if (current !== undefined && current.version === this.#version) return;
    this.#rules = await readSpendingRules(trx);
    this.#index = new RuleIndex(this.#rules.budgets.map((rule) => ({ rule })));
    this.#version = current?.version;
  }

  /** One entry for each counter and gateway, in the order in which every process locks them. */
  #charges(rows: readonly ProjectedCharge[]): CounterCharge[] {
    const charges = new Map<string, CounterCharge>();
    const add = (row: ProjectedCharge, budgetId: string, at: { subject: string; periodStartMs: number }): void => {
      const key = `${budgetId}\n${at.subject}\n${at.periodStartMs}\n${row.gatewayId}`;
      const known = charges.get(key) ?? { budgetId, ...at, gatewayId: row.gatewayId, nanos: 0n, leasedNanos: 0n };
      known.nanos += row.chargeNanos;
      if (row.isCorrection !== true) known.leasedNanos += row.chargeNanos;
      charges.set(key, known);
    };
    for (const row of rows) {
      const { spender, startedAtMs, tokenId = spender.token?.id } = row;
      if (tokenId !== undefined) add(row, `token:${tokenId}`, { subject: '', periodStartMs: 0 });
      this.#index.forEach(spender, ({ rule }) => {
        if (startedAtMs < (rule.countedFromMs ?? 0)) return;
        const zone = timeZoneOf(rule, spender.customer, this.#rules);
        const { startMs } = this.#calendar.periodAt(rule.period, startedAtMs, zone);
        const subject = subjectOf(rule.scope, rule.name === '*', spender);
        add(row, rule.id, { subject, periodStartMs: startMs });
      });
    }
    return [...charges.entries()].sort(([left], [right]) => (left < right ? -1 : 1)).map(([, charge]) => charge);
  }
}
