export type {
  App,
  AppAlias,
  AppAliasInput,
  AppFile,
  AppLogLine,
  AppLogQuery,
  AppMetrics,
  AppSchedule,
  AppScheduleInput,
  AppSecret,
  AppVersion,
  AppVersionInput,
} from './app-types.ts';
export {
  createClient,
  type Client,
  type ClientOptions,
  type CallOptions,
  type Outcomes,
  type RequestQuery,
  type Requests,
} from './client.ts';
export type { CostExplanation, RatingExplanation } from './cost-explanation.ts';
export type { ProviderCredential, TokenSigner, TokenSignerInput } from './credential-types.ts';
export { ConnectionError, type Problem, ProblemError, SwitchyardError, UnexpectedAnswerError } from './errors.ts';
export type { LiveEndpoint, LiveFinal, LiveJournal, LiveRequest, LiveView } from './live-view.ts';
export type {
  Exchange,
  ExchangeRate,
  Invoice,
  InvoiceHead,
  InvoiceInput,
  LedgerAccount,
  UsageDimension,
  UsageQuery,
  UsageRow,
} from './money-types.ts';
export type {
  BillInput,
  GatewayRun,
  ImportedBill,
  LedgerCheck,
  LedgerTransaction,
  OutboxState,
  PlaceSums,
  PostedVariance,
  ProjectionState,
  QuarantinedFact,
  ReleasedFact,
  ReconciliationReport,
  TransactionQuery,
} from './operation-types.ts';
export type {
  EvalCandidate,
  EvalFlip,
  EvalInput,
  EvalItemInput,
  EvalPair,
  EvalReport,
  EvalRun,
  Leaderboard,
  LeaderboardRow,
} from './eval-types.ts';
export type { OutcomeBatch, OutcomeInput, OutcomeRecord } from './outcome.ts';
export type { Plan, PlanInput, Subscription, SubscriptionInput } from './plan-types.ts';
export type {
  EndpointPrice,
  PriceAlert,
  PriceChange,
  PriceImportInput,
  PriceImportResult,
  PricePeriod,
  PriceQuery,
  PriceSourceState,
} from './price-types.ts';
export type { Build, BuildCheck, BuildEvent, BuildInput, BuildQuestion, Builds } from './builds.ts';
export type {
  AppFixSettings,
  Failure,
  FailureReport,
  Fix,
  FixAttempt,
  FixBounds,
  FixCheck,
  FixRunInput,
  FixTrail,
} from './fix-types.ts';
export type { RunConnection, RunEvent, RunInput, RunIsolation, RunReceipt, Runs, RuntimeReport } from './runs.ts';
export type { KeptSandbox, SandboxQuery } from './sandboxes.ts';
export type { RequestAttempt, RequestDecision, RequestFinal, RequestOpen, RequestRecord } from './request-record.ts';
export type {
  Cascade,
  DecisionExplanation,
  Job,
  LearningState,
  RouteCandidate,
  RoutePreview,
  RoutingExplanation,
} from './routing-types.ts';
export type { Rollout, RolloutInput, RolloutKind, RolloutShadow } from './rollout-types.ts';
export type {
  AccessToken,
  AccessTokenInput,
  AuditEntry,
  Budget,
  BudgetInput,
  BudgetScope,
  BudgetUse,
  Customer,
  CustomerInput,
  Grant,
  GrantInput,
  PackInput,
  SoldPack,
  Key,
  KeyInput,
  KeyLimits,
  MintedKey,
  Nanos,
  Page,
  PageQuery,
  Project,
  Wallet,
  WalletInput,
} from './tenant-types.ts';
export type { ChangeOptions } from './tenants.ts';
