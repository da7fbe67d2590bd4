import type { DecisionFact, Fact, FinalFact, OutcomeFact } from '../../domain/facts/facts.ts';
import { chargeOfFinal } from '../../domain/charges/margin.ts';
import { atCostPlan } from '../../domain/charges/plan.ts';
import type { SuccessRule } from '../../domain/outcomes/success-rule.ts';
import { LogColumns, type ReplayCandidate } from './log-columns.ts';

/** What the columns are built from. */
export interface ColumnSource {
  readonly fromMs: number;
  readonly toMs: number;
  /** Requests beyond these are counted and left out. */
  readonly maxRows: number;
  ruleOf(job: string): SuccessRule;
}

/** What a decision leaves until its request ends. */
type PendingDecision = Pick<DecisionFact, 'model' | 'ranked' | 'routing'>;

const mostPending = 100_000;

/** Turns facts into columns as they are read: only what a replay needs stays in memory. */
export class ColumnBuilder {
  readonly #source: ColumnSource;
  readonly #columns = new LogColumns();
  /** Oldest first; a decision whose request never ends is dropped when too many wait. */
  readonly #pending = new Map<string, PendingDecision>();
  readonly #rows = new Map<string, number>();
  readonly #outcomes = new Map<string, OutcomeFact[]>();
  #leftOut = 0;

  constructor(source: ColumnSource) {
    this.#source = source;
  }

  get leftOut(): number {
    return this.#leftOut;
  }

  add(fact: Fact): void {
    if (fact.type === 'decision') this.#wait(fact);
    else if (fact.type === 'final') this.#finish(fact);
    else if (fact.type === 'outcome' && this.#rows.has(fact.requestId)) {
      const told = this.#outcomes.get(fact.requestId);
      if (told === undefined) this.#outcomes.set(fact.requestId, [fact]);
      else told.push(fact);
    }
  }

  /** The columns, with what outcomes say of each request. */
  build(): LogColumns {
    const columns = this.#columns;
    for (const [requestId, outcomes] of this.#outcomes) {
      const row = this.#rows.get(requestId);
      if (row === undefined) continue;
      const success = this.#source.ruleOf(columns.jobs.name(columns.job[row] ?? 0)).judge(outcomes);
      if (success !== 'unknown') columns.judge(row, success);
    }
    return columns;
  }

  #wait({ requestId, model, ranked, routing }: DecisionFact): void {
    if (this.#pending.size >= mostPending) {
      const [oldest] = this.#pending.keys();
      if (oldest !== undefined) this.#pending.delete(oldest);
    }
    this.#pending.set(requestId, { model, ranked, routing });
  }

  #finish(final: FinalFact): void {
    const { requestId, atMs } = final;
    const decision = this.#pending.get(requestId);
    this.#pending.delete(requestId);
    const { fromMs, toMs, maxRows } = this.#source;
    if (atMs < fromMs || atMs >= toMs || final.host === undefined) return;
    if (this.#columns.count >= maxRows) {
      this.#leftOut++;
      return;
    }
    this.#rows.set(requestId, this.#columns.count);
    this.#columns.add({
      atMs,
      customer: final.customer,
      job: final.job ?? '',
      model: final.model,
      host: final.host,
      costNanos: final.costNanos === null ? null : BigInt(final.costNanos),
      chargeNanos: chargeOfFinal(final),
      isPassedOn: final.chargeNanos === undefined || final.planVersionId === atCostPlan.versionId,
      valueNanos: Number(decision?.routing?.valueNanos ?? 0),
      candidates: decision?.routing?.candidates.map(toCandidate) ?? [],
      otherHosts: otherHosts(final, decision),
    });
  }
}

function toCandidate(candidate: NonNullable<PendingDecision['routing']>['candidates'][number]): ReplayCandidate {
  const { model, quality, costNanos, utility, excluded } = candidate;
  const isExcluded = excluded !== undefined || costNanos === null;
  return { model, quality, costNanos: Number(costNanos ?? 0), utility, isExcluded };
}

/** Hosts that would have answered with the same model, as far as the decision names them. */
function otherHosts({ model }: FinalFact, decision: PendingDecision | undefined): readonly string[] {
  if (decision === undefined || decision.model !== model) return [];
  const hosts = decision.routing?.hosts ?? [];
  return hosts.map(({ endpoint }) => endpoint.slice(0, endpoint.indexOf('/')));
}
