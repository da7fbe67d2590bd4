import type { AnswerGate, DispatchResult } from '../../dispatch/index.ts';
import type { Completion } from '../../domain/calls/completion.ts';
import type { Endpoint } from '../../domain/calls/endpoint.ts';
import { Fault } from '../../domain/faults/fault.ts';
import type { FinalFact, OutcomeFact } from '../../domain/facts/facts.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Logger } from '../../platform/logger.ts';
import type { OutcomeDesk } from '../evidence/outcome-desk.ts';
import type { AdmittedExchange } from '../settle.ts';
import type { PlannedCascade } from './plan-cascade.ts';
import type { VerifierVerdict } from './verifier.ts';

/** What verdicts are told to. */
export interface GateDeps {
  readonly desk: Pick<OutcomeDesk, 'noteSeen'>;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** The verifier of an exchange that has one. */
export function cascadeGate(exchange: AdmittedExchange, deps: GateDeps): CascadeGate | undefined {
  const { cascade } = exchange.choice;
  return cascade && new CascadeGate(exchange, cascade, deps);
}

/** Lets the verifier look at some of the answers that it did not hold, after they left: so it stays measured. */
export async function watchAnswer(
  exchange: AdmittedExchange,
  { final, result }: { readonly final: FinalFact; readonly result: DispatchResult },
  deps: GateDeps,
): Promise<void> {
  const { endpoint, completion } = result;
  const seed = exchange.choice.routed?.input.seed ?? 0;
  if (final.status !== 'completed' || !endpoint || !completion || seed % watchedOneIn !== 0) return;
  await cascadeGate(exchange, deps)?.watch(endpoint, completion, final.drafts ?? 0);
}

const mostQuoted = 300;
/** Of the answers that nobody looked at before, one in so many is looked at afterwards. */
const watchedOneIn = 4;

/**
 * One exchange's verifier: every answer but the last stage's is looked at before the client sees any of it. Verdicts
 * are outcomes, of the draft or of the answer and both of one weight, so that models and the verifier itself are
 * measured by them: a model whose failures weighed more than its passes would be rated down for making drafts.
 */
export class CascadeGate {
  readonly #exchange: AdmittedExchange;
  readonly #cascade: PlannedCascade;
  readonly #deps: GateDeps;

  constructor(exchange: AdmittedExchange, cascade: PlannedCascade, deps: GateDeps) {
    this.#exchange = exchange;
    this.#cascade = cascade;
    this.#deps = deps;
  }

  /** Undefined for endpoints whose answers are delivered as they come. */
  of(endpoint: Endpoint): AnswerGate | undefined {
    const stages = this.#cascade.fact?.stages ?? [];
    const at = stages.indexOf(endpoint.modelName);
    if (at < 0 || at === stages.length - 1) return undefined;
    return (completion) => this.#judge(endpoint, completion);
  }

  async #judge(endpoint: Endpoint, completion: Completion): Promise<Fault | undefined> {
    const { verdict, reason } = await this.#ask(completion);
    if (verdict === 'pass') {
      this.#tell(endpoint, { value: 1 });
      return undefined;
    }
    // Where the verifier itself fails, the answer is not vouched for, and nothing is learned of its model.
    if (verdict === 'fail') this.#tell(endpoint, { value: 0, draft: true });
    return new Fault('answer_rejected', { message: `The verifier turned the answer down: ${quote(reason)}.` });
  }

  /** Looks at an answer that was delivered unseen, to measure the verifier. */
  async watch(endpoint: Endpoint, completion: Completion, drafts: number): Promise<void> {
    if (this.of(endpoint) !== undefined) return;
    const { verdict } = await this.#ask(completion);
    if (verdict === 'unknown') return;
    this.#tell(endpoint, { value: verdict === 'pass' ? 1 : 0, ...(drafts > 0 && { afterDraft: true }) });
  }

  async #ask(completion: Completion): Promise<VerifierVerdict> {
    const { verifier, demand } = this.#cascade;
    const { reason } = completion.finish;
    if (reason === 'length') return { verdict: 'fail', reason: 'it was cut at its limit' };
    if (reason === 'refusal' || reason === 'content-filter') return { verdict: 'fail', reason: 'it was refused' };
    const text = completion.blocks.map((block) => (block.type === 'text' ? block.text : '')).join('');
    const calls = completion.blocks.flatMap((block) => (block.type === 'tool-call' ? [block] : []));
    try {
      return await verifier.verify({ text, calls }, demand);
    } catch (error) {
      this.#deps.logger.error(
        { err: error, requestId: demand.requestId, verifier: verifier.kind },
        'a verifier failed',
      );
      return { verdict: 'unknown', reason: 'the verifier failed' };
    }
  }

  #tell({ modelName: model, host }: Endpoint, said: Pick<OutcomeFact, 'value' | 'draft' | 'afterDraft'>): void {
    const { received, choice, spending } = this.#exchange;
    const { kind, version } = this.#cascade.verifier;
    const { requestId, key } = received;
    const { job, routed } = choice;
    const { endUser } = spending.spender;
    const features = routed?.input.features;
    const expected = routed?.decision.candidates.find((one) => one.model === model)?.quality;
    this.#deps.desk.noteSeen({
      type: 'outcome',
      requestId,
      atMs: this.#deps.clock.nowMs(),
      kind: 'verified',
      source: 'verifier',
      grader: `${kind}@${version}`,
      idempotencyKey: `${requestId}/verified/${model}`,
      model,
      host: host.id,
      customer: key.customer,
      key: key.name,
      ...said,
      ...(job !== undefined && { job }),
      ...(endUser !== undefined && { endUser }),
      ...(features !== undefined && { features }),
      ...(expected !== undefined && { expected }),
    });
  }
}

function quote(reason: string): string {
  return reason.length > mostQuoted ? `${reason.slice(0, mostQuoted)}…` : reason;
}
