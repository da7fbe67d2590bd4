import type { CascadeFact, DecisionFact } from '../../domain/facts/facts.ts';
import { redraw } from '../../routing/index.ts';
import type { ExchangeRecord } from './exchange-record.ts';
import { type ToldRouting, withoutFeatures } from '../choice/routing-fact.ts';

/** Why a request went where it went: a sentence first, the numbers beside it. */
export interface DecisionExplanation {
  readonly decisionId: string;
  readonly requestId: string;
  readonly atMs: number;
  readonly customer: string | null;
  /** One sentence for people. */
  readonly summary: string;
  /** Everything else that counted, in words. */
  readonly reasons: readonly string[];
  readonly model: string;
  /** The endpoint that was tried first, and all in their order. */
  readonly chosen: string;
  readonly ranked: readonly string[];
  /** Who answered in the end; null while it runs or when nobody did. */
  readonly answeredBy: { readonly model: string; readonly host: string } | null;
  readonly job: string | null;
  readonly propensity: number;
  readonly seed: number;
  readonly excluded: DecisionFact['excluded'];
  /** Version of the prompt that the model was given besides; null: none. */
  readonly prompt: string | null;
  /** The side of a rollout that the request was drawn for; null: none. */
  readonly rollout: NonNullable<DecisionFact['rollout']> | null;
  /** null: one model was to answer alone. */
  readonly cascade: CascadeFact | null;
  /** null: the model was asked for by name, nothing was to be chosen. */
  readonly routing: ToldRouting | null;
  /** Drawing again with the seed gives the same model; null where nothing was drawn. */
  readonly isReplayed: boolean | null;
}

/** Explains the decision of an exchange; undefined when it has none. */
export function explainDecision(record: ExchangeRecord): DecisionExplanation | undefined {
  const { decision, final, open } = record;
  if (!decision) return undefined;
  const { decisionId, requestId, atMs, model, chosen, ranked, propensity, seed, excluded, routing, cascade } = decision;
  const [summary = `${model} was asked for.`, ...reasons] = decision.reasons;
  const answered = final?.type === 'final' && final.host !== undefined;
  return {
    decisionId,
    requestId,
    atMs,
    customer: open?.customer ?? (final?.type === 'final' ? final.customer : null),
    summary,
    reasons,
    model,
    chosen,
    ranked,
    answeredBy: answered ? { model: final.model, host: final.host } : null,
    job: decision.job ?? null,
    propensity,
    seed,
    excluded,
    prompt: decision.prompt ?? null,
    rollout: decision.rollout ?? null,
    cascade: cascade ?? null,
    routing: routing ? withoutFeatures(routing) : null,
    isReplayed: routing ? redraw(routing.candidates, seed) === (cascade?.single ?? model) : null,
  };
}
