import type { DispatchResult } from '../../dispatch/index.ts';
import type { DecisionFact, FinalFact, OpenFact } from '../../domain/facts/facts.ts';
import type { AnswerSignals, SeenAnswer } from './answer-signals.ts';
import { watchAnswer } from '../cascade/cascade-gate.ts';
import type { Admitted, ExchangePlanner } from '../exchange-planner.ts';
import type { GatewayDeps } from '../gateway-deps.ts';
import type { AdmittedExchange } from '../settle.ts';

/** Answers that verifiers look at after they left, at once; beyond it measuring leaves some out. */
const mostWatched = 32;

/** An exchange whose answer has left. */
export interface LeftExchange {
  readonly open: OpenFact;
  readonly decision: DecisionFact;
  readonly final: FinalFact;
  readonly result: DispatchResult;
}

interface LearningTools {
  readonly signals: AnswerSignals;
  readonly planner: ExchangePlanner;
  /** Takes on work that the exchange does not wait for, and shutting down does. */
  outlive(work: Promise<void>): void;
}

/** What is learned from an answer once its client has it: its form, the verifier's opinion, and what collects answers. */
export class AnswerLearning {
  readonly #deps: Pick<GatewayDeps, 'outcomeDesk' | 'clock' | 'logger' | 'leftAnswers'>;
  readonly #tools: LearningTools;
  #watched = 0;

  constructor(deps: GatewayDeps, tools: LearningTools) {
    this.#deps = deps;
    this.#tools = tools;
  }

  async learn(admitted: Admitted, left: LeftExchange): Promise<void> {
    const { received, head, choice } = admitted.exchange;
    const { signals } = this.#tools;
    const { open, decision, final, result } = left;
    const form = this.#formOf(admitted);
    received.settled?.({ final, result, verdicts: () => signals.verdictsOn({ final, result, ...form }) });
    if (final.job === undefined) return;
    if (choice.cascade) this.#watch(admitted.exchange, left);
    const verdicts = await signals.look({ received, open, decision, final, result, ...form });
    if (choice.collects !== true || received.copy) return;
    const { maxOutputTokens } = head;
    const alternatives = head.operation === 'generate' ? head.features().candidates : 1;
    const { prompt } = choice;
    const answer = { received, job: final.job, final, result, verdicts, maxOutputTokens, alternatives, prompt };
    this.#deps.leftAnswers?.left({ ...answer, parse: form.parse });
  }

  /** What was demanded of the form of an answer, read anew only when somebody asks. */
  #formOf(admitted: Admitted): Pick<SeenAnswer, 'parse' | 'asksForm'> {
    const { head } = admitted.exchange;
    const features = head.operation === 'generate' ? head.features() : undefined;
    return {
      asksForm: features?.jsonSchema === true || features?.tools === true,
      parse: () => this.#tools.planner.asking(admitted).parse(),
    };
  }

  /** A verifier takes its time: the request's place is given back meanwhile. */
  #watch(exchange: AdmittedExchange, left: LeftExchange): void {
    if (this.#watched >= mostWatched) return;
    this.#watched += 1;
    const { outcomeDesk: desk, clock, logger } = this.#deps;
    const watching = watchAnswer(exchange, left, { desk, clock, logger })
      .catch((error: unknown) => logger.error({ err: error }, 'an answer could not be looked at'))
      .finally(() => {
        this.#watched -= 1;
      });
    this.#tools.outlive(watching);
  }
}
