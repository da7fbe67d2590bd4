import type { CascadeConfig } from '../../config/index.ts';
import { Fault } from '../../domain/faults/fault.ts';
import type { JsonObject, ModelCall } from '../../domain/calls/model-call.ts';
import type { Clock } from '../../platform/clock.ts';
import type { RequestHead } from '../../protocols/index.ts';
import type { LearningService } from '../../routing/index.ts';
import type { Asking } from '../received.ts';
import type { RoutedChoice } from '../choice/route-models.ts';
import { type CascadeDecision, planCascade } from './plan-cascade.ts';
import { readTests } from './read-tests.ts';
import type { Verifier, VerifierDemand, VerifierKind } from './verifier.ts';
import type { VerifierBook } from './verifier-book.ts';

/** What chains are decided from. */
export interface CascadeDeps {
  readonly verifiers: ReadonlyMap<VerifierKind, Verifier>;
  readonly book: VerifierBook;
  readonly learning: Pick<LearningService, 'gradedBy'>;
  readonly clock: Clock;
}

/** A routed request of a job that has a cascade. */
export interface CascadeAsked {
  readonly received: Asking;
  readonly head: RequestHead;
  readonly job: string;
  readonly settings: CascadeConfig;
  readonly decided: RoutedChoice;
  promptText(): string;
  /** JSON Schema that the request demands of its answer. */
  schema?: (() => JsonObject | undefined) | undefined;
}

/** The JSON Schema that a call demands of its answer. */
export function demandedSchema(call: ModelCall | Fault): JsonObject | undefined {
  if (Fault.is(call) || call.responseFormat?.type !== 'json-schema') return undefined;
  return call.responseFormat.schema;
}

/** Graded prompts change slowly, and finding them takes a while. */
const rememberedMs = 5000;
const mostRemembered = 200;

/** Decides for jobs with a cascade who is asked in which order. */
export class Cascades {
  readonly #deps: CascadeDeps;
  readonly #graded = new Map<string, { readonly rows: readonly Float64Array[]; readonly atMs: number }>();

  constructor(deps: CascadeDeps) {
    this.#deps = deps;
  }

  /** A Fault for tests that cannot be read. */
  plan(asked: CascadeAsked): CascadeDecision | Fault {
    const { head, settings, decided, job } = asked;
    const { verifiers, book } = this.#deps;
    const unfit = unfitFor(head);
    if (unfit !== undefined) {
      const { decision } = decided;
      return { decision: { ...decision, reasons: [...decision.reasons, `no cascade: ${unfit}`] }, cascade: undefined };
    }
    const demand = demandOf(asked);
    if (Fault.is(demand)) return demand;
    return planCascade({
      settings,
      decided,
      verifier: verifiers.get(settings.verifier),
      demand,
      verifierError: book.of(job).error,
      gradedBy: (models) => this.#gradedBy(job, models),
    });
  }

  #gradedBy(job: string, models: readonly string[]): readonly Float64Array[] {
    const nowMs = this.#deps.clock.monotonicMs();
    const name = JSON.stringify([job, models]);
    const known = this.#graded.get(name);
    if (known && nowMs - known.atMs < rememberedMs) return known.rows;
    if (this.#graded.size >= mostRemembered) this.#graded.clear();
    const rows = this.#deps.learning.gradedBy(job, models);
    this.#graded.set(name, { rows, atMs: nowMs });
    return rows;
  }
}

/** An answer that is one of several, or no answer yet, cannot be turned down alone. */
function unfitFor(head: RequestHead): string | undefined {
  if (head.operation !== 'generate') return 'only answers of models are verified';
  const { candidates, tools } = head.features();
  if (candidates > 1) return 'several answers are asked for at once';
  return tools ? 'the answer may call tools' : undefined;
}

function demandOf({ received, job, settings, promptText, schema }: CascadeAsked): VerifierDemand | Fault {
  const { verifier, timeoutMs, url } = settings;
  const tests = verifier === 'tests' ? readTests(received.controls.tests, settings) : undefined;
  if (Fault.is(tests)) return tests;
  return {
    requestId: received.requestId,
    job,
    customer: received.key.customer,
    timeoutMs,
    url,
    tests,
    schema: verifier === 'schema' ? schema?.() : undefined,
    promptText,
  };
}
