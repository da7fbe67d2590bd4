export { type Engines, findEngines } from './find-engines.ts';
export { type ExchangeOutcome, refuseRequest, type Refusal } from './function-exchange.ts';
export { FunctionHost, FunctionUnavailableError } from './function-host.ts';
export type { FunctionInstance, GuestEvent, TrialAnswer, TrialRequest } from './function-instance.ts';
export { FunctionProcess, type ProcessLine } from './function-process.ts';
export { FunctionStartError } from './function-start-error.ts';
export {
  defaultLimits as defaultFunctionLimits,
  type FunctionLimits,
  type FunctionReceipt,
  type FunctionSpec,
} from './function-spec.ts';
export { killGroup, startGroup } from './process-group.ts';
export { probeFunctions } from './probe-functions.ts';
export { requestIdHeader } from './entry-module.ts';
export { openSocketRoot } from './socket-root.ts';
