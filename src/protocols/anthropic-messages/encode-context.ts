import type { ModelCall } from '../../domain/calls/model-call.ts';
import type { EncodeOptions } from '../contract.ts';
import { LossReport } from '../shared/loss-report.ts';
import { type ClaudeTraits, claudeTraits } from './claude-traits.ts';
import { anthropicDialect } from './dialect-name.ts';

/** The encoding of one call: what it must know, and what it could not carry. */
export class EncodeContext extends LossReport {
  readonly call: ModelCall;
  readonly options: EncodeOptions;
  readonly traits: ClaudeTraits;
  /** The client speaks this dialect itself: it knows the rules, and its words travel unchanged. */
  readonly native: boolean;
  /** Earlier reasoning had to be left out: its proof came from elsewhere. */
  lostProof = false;
  readonly #callIds = new Map<string, string>();

  constructor(call: ModelCall, options: EncodeOptions) {
    super(call);
    this.call = call;
    this.options = options;
    this.traits = claudeTraits(options.upstreamModel);
    this.native = call.dialect === anthropicDialect;
  }

  override refuse(pointer: string, problem: string): void {
    super.refuse(pointer, `${pointer.slice(1)}: ${problem}`);
  }

  /** Ids of tool calls may hold only letters, digits, `_` and `-` here; others get a stand-in of their own. */
  callId(id: string): string {
    const known = this.#callIds.get(id);
    if (known !== undefined) return known;
    const plain = id.replaceAll(/[^a-zA-Z0-9_-]/g, '_');
    const taken = new Set(this.#callIds.values());
    let written = plain === '' ? 'call' : plain;
    for (let copy = 2; taken.has(written); copy++) written = `${plain}_${copy}`;
    this.#callIds.set(id, written);
    return written;
  }
}
