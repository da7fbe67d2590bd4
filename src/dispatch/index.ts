export { callHost } from './call-host.ts';
export type { BufferedAnswer } from './buffered-attempt.ts';
export type { ClientSink } from './client-sink.ts';
export type { AnswerHead, DispatchDeps, DispatchPlan, DispatchResult } from './dispatch-plan.ts';
export { Hedging } from './hedge.ts';
export { type AttemptPolicy, defaultAttemptPolicy } from './next-attempt.ts';
export { runExchange } from './run-exchange.ts';
export { streamHeaders } from './stream-writer.ts';
export { createUpstreamPools, type NetworkSettings, type UpstreamPools } from './upstream-pools.ts';
