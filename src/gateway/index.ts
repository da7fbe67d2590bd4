export { requestHeaders } from './answers/answer-headers.ts';
export type { Verifier, VerifierDemand } from './cascade/verifier.ts';
export { VerifierBook } from './cascade/verifier-book.ts';
export { type DecisionExplanation, explainDecision } from './records/explain-decision.ts';
export { ExchangeBoard } from './exchange-board.ts';
export { type CostExplanation, explainCost } from './records/explain-cost.ts';
export { type ExchangeRecord, toExchangeRecord } from './records/exchange-record.ts';
export { Gateway } from './gateway.ts';
export type { MoneyPorts } from './money/money-ports.ts';
export type { ObjectGateway } from './objects/objects-gateway.ts';
export { type Kept, openKept } from './objects/objects-open.ts';
export type { ObjectCollection, ObjectRequest } from './objects/objects-request.ts';
export { hostOfAccount, OwnAccounts } from './choice/own-accounts.ts';
export { InnerCaller } from './callers/inner-caller.ts';
export type { FormVerdict } from './evidence/answer-signals.ts';
export { OutcomeDesk, type OutcomeTeller, type RecordedOutcome, type ToldOutcome } from './evidence/outcome-desk.ts';
export { type PreviewedRequest, previewRoute, type RoutePreview } from './records/preview-route.ts';
export { ResponseCache } from './cache/response-cache.ts';
export type { CopyOrder, RequestControls } from './received.ts';
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
export { askForVector } from './callers/embedding-caller.ts';
export { promptText } from './choice/prompt-text.ts';
export { type EmbedderDeps, PromptEmbedder } from './choice/prompt-embedder.ts';
export { promptOf } from './choice/job-prompt.ts';
export { type CopiedAnswer, CopyCaller } from './callers/copy-caller.ts';
