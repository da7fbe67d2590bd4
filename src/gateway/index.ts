export { requestHeaders } from './answers/answer-headers.ts';
export type {
  VerifiedAnswer,
  Verifier,
  VerifierDemand,
  VerifierKind,
  VerifierTests,
  VerifierVerdict,
} from './cascade/verifier.ts';
export { VerifierBook, type VerifierRecord } from './cascade/verifier-book.ts';
export { type DecisionExplanation, explainDecision } from './records/explain-decision.ts';
export { ExchangeBoard, type LiveExchange } from './exchange-board.ts';
export {
  type AttemptCost,
  type CostExplanation,
  explainCost,
  type ExplainedCharge,
  type VersionSources,
} from './records/explain-cost.ts';
export { type ExchangeRecord, toExchangeRecord } from './records/exchange-record.ts';
export { Gateway } from './gateway.ts';
export type { GatewayDeps } from './gateway-deps.ts';
export type { MoneyPorts } from './money/money-ports.ts';
export type { ObjectGateway } from './objects/objects-gateway.ts';
export { type Kept, openKept } from './objects/objects-open.ts';
export type { ObjectCollection, ObjectRequest } from './objects/objects-request.ts';
export { type AccountKey, type AccountKeys, hostOfAccount, OwnAccounts } from './choice/own-accounts.ts';
export { type CalledAnswer, type InnerAnswer, type InnerCall, InnerCaller } from './callers/inner-caller.ts';
export type { FormVerdict } from './evidence/answer-signals.ts';
export { OutcomeDesk, type OutcomeTeller, type RecordedOutcome, type ToldOutcome } from './evidence/outcome-desk.ts';
export { type PreviewDeps, type PreviewedRequest, previewRoute, type RoutePreview } from './records/preview-route.ts';
export { ResponseCache } from './cache/response-cache.ts';
export type { CopyOrder, Received, RequestControls } from './received.ts';
export { refuse } from './answers/send-answer.ts';
export type {
  ServerTool,
  ServerToolAnswer,
  ServerToolCall,
  ToolExecutor,
  ToolOwner,
  ToolSession,
} from './tools/tool-executor.ts';
export type {
  AssignedEnd,
  LeftAnswer,
  LeftAnswerPort,
  PromptAssignment,
  RolledPrompt,
  RolloutAssignment,
  RolloutPort,
} from './choice/rollout-port.ts';
export { askForVector, type EmbeddingAsked } from './callers/embedding-caller.ts';
export { promptText } from './choice/prompt-text.ts';
export { type EmbedderDeps, PromptEmbedder, type ReadPrompt } from './choice/prompt-embedder.ts';
export { promptOf, type ServedPrompt } from './choice/job-prompt.ts';
export { type CopiedAnswer, CopyCaller } from './callers/copy-caller.ts';
