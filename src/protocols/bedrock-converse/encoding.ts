import type { ModelCall } from '../../domain/calls/model-call.ts';
import type { ClaudeTraits } from '../anthropic-messages/index.ts';
import type { LossReport } from '../shared/loss-report.ts';
import type { ModelFamily } from './model-family.ts';

/** What every part of the encoder needs to know of the call being encoded. */
export interface Encoding {
  readonly call: ModelCall;
  readonly family: ModelFamily;
  /** What this generation of Claude accepts; undefined for other makers' models. */
  readonly claude: ClaudeTraits | undefined;
  readonly losses: LossReport;
  /** Names of documents so far: Converse wants each to be different. */
  readonly documentNames: Set<string>;
}
