import type { Catalog } from '../catalog/index.ts';
import type { Config } from '../config/index.ts';
import type { DispatchDeps, Hedging } from '../dispatch/index.ts';
import type { Journal } from '../journal/index.ts';
import type { Clock } from '../platform/clock.ts';
import type { Logger } from '../platform/logger.ts';
import type { LearningService, StickyMap } from '../routing/index.ts';
import type { Tracing } from '../telemetry/index.ts';
import type { Verifier } from './cascade/verifier.ts';
import type { VerifierBook } from './cascade/verifier-book.ts';
import type { ExchangeBoard } from './exchange-board.ts';
import type { MoneyPorts } from './money/money-ports.ts';
import type { OutcomeDesk } from './evidence/outcome-desk.ts';
import type { FileReferences } from './objects/objects-references.ts';
import type { OwnAccounts } from './choice/own-accounts.ts';
import type { PromptEmbedder } from './choice/prompt-embedder.ts';
import type { ResponseCache } from './cache/response-cache.ts';
import type { ResponsesState } from './responses/responses-state.ts';
import type { LeftAnswerPort, RolloutPort } from './choice/rollout-port.ts';
import type { ToolExecutor } from './tools/tool-executor.ts';

/** What the gateway needs; the catalog and configuration change by reload, the rest lives as long as the process. */
export interface GatewayDeps {
  readonly dispatch: DispatchDeps;
  readonly journal: Journal;
  readonly money: MoneyPorts;
  readonly learning: LearningService;
  /** Where evidence about answers is told. */
  readonly outcomeDesk: OutcomeDesk;
  readonly sticky: StickyMap;
  /** Absent: no rollouts. */
  readonly rollouts?: RolloutPort | undefined;
  /** Absent: nobody wants answers that have left. */
  readonly leftAnswers?: LeftAnswerPort | undefined;
  /** Absent: no tool runs on this side. */
  readonly tools?: ToolExecutor | undefined;
  /** What stands between the models of cascades, besides the schema of the request. */
  readonly verifiers?: readonly Verifier[] | undefined;
  /** How often verifiers were wrong, told by outcomes. */
  readonly verifierBook?: VerifierBook | undefined;
  /** Absent: prompts are read by their words. */
  readonly embedder?: PromptEmbedder | undefined;
  /** Accounts of customers that bring their own provider keys. */
  readonly accounts?: OwnAccounts | undefined;
  readonly hedging: Hedging;
  readonly cache: ResponseCache;
  readonly responses: ResponsesState;
  readonly files: FileReferences;
  readonly board: ExchangeBoard;
  readonly tracing: Tracing;
  readonly clock: Clock;
  readonly logger: Logger;
  newId(prefix: string): string;
  /** The current snapshot. */
  settings(): { readonly catalog: Catalog; readonly config: Config };
}
