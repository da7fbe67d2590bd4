import type { DispatchResult } from '../../dispatch/index.ts';
import type { Charge } from '../../domain/charges/charge.ts';
import type { AttemptFact, FinalFact, ToolRunFact } from '../../domain/facts/facts.ts';
import { totalInput, totalOutput } from '../../domain/rating/usage.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Logger } from '../../platform/logger.ts';
import type { Admitted } from '../exchange-planner.ts';
import type { Recall } from '../cache/recall.ts';
import { finalFact } from '../settle.ts';
import { kindOf } from './admit-spending.ts';
import { type ChargedExchange, chargeExchange } from './charge-exchange.ts';
import { MarginWatch } from './margin-watch.ts';
import type { OutputLengths } from './output-lengths.ts';

/** What came of asking: the cache, the endpoints and the tools of this side. */
export interface Answered {
  readonly attempts: readonly AttemptFact[];
  readonly result: DispatchResult;
  readonly recalled: Recall;
  readonly runs?: readonly ToolRunFact[] | undefined;
}

interface SettlementDeps {
  readonly clock: Clock;
  readonly logger: Logger;
  /** Learns how long answers are, which later holds go by. */
  readonly lengths: OutputLengths;
}

/** The end of an exchange in money. */
export class Settlement {
  readonly #deps: SettlementDeps;
  readonly #margins = new MarginWatch();

  constructor(deps: SettlementDeps) {
    this.#deps = deps;
  }

  /** Turns the hold into the charge, and both into the final fact. */
  settle({ exchange, request }: Admitted, { attempts, result, recalled, runs }: Answered): FinalFact {
    const { head, choice, spending } = exchange;
    const { plan, hold } = spending;
    const nowMs = this.#deps.clock.nowMs();
    const saved = recalled.state === 'hit' ? savedBy(recalled) : undefined;
    const due = chargeExchange({ plan, model: head.model, job: choice.job, attempts, result, saved });
    const charge = exchange.received.copy ? absorbed(due) : due;
    const { customer } = spending.spender;
    if (charge.belowMarginFloor && this.#margins.isNews(customer, nowMs)) {
      const { planVersionId } = charge;
      this.#deps.logger.warn({ customer, model: head.model, planVersionId }, 'a margin is under the floor of its plan');
    }
    const chargeNanos = charge.chargeNanos ?? 0n;
    const overHold = hold.isHard && chargeNanos > hold.amountNanos;
    const used = result.usage?.buckets;
    hold.settle(chargeNanos, nowMs, used ? totalInput(used) + totalOutput(used) : 0);
    // Copies have limits of their own, and other models' answers other lengths.
    if (used && result.status === 'completed' && !exchange.received.copy)
      this.#deps.lengths.add(kindOf({ request, choice }), totalOutput(used));
    const savedNanos = saved?.costNanos ?? undefined;
    const drafts = attempts.filter(({ fault }) => fault === 'answer_rejected').length;
    const settled = { nowMs, cache: recalled.state, savedNanos, charge, overHold, drafts, toolRuns: runs };
    return finalFact(exchange, result, settled);
  }
}

/** Nobody asked for a copy: what it cost is ours. */
function absorbed(charge: Charge): Charge {
  const absorbedNanos = charge.costNanos ?? 0n;
  return { ...charge, chargeNanos: 0n, lines: [], absorbedNanos, wasteNanos: 0n, belowMarginFloor: false };
}

/** An answer that its customer's own account had given saved nothing that is ours to charge for. */
function savedBy({ costNanos, completion, endpoint }: Extract<Recall, { state: 'hit' }>): ChargedExchange['saved'] {
  return { costNanos, usage: endpoint.ownAccount ? undefined : completion.usage?.buckets };
}
