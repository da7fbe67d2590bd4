import type { AnswerHeaders, ClientSink, DispatchResult } from '../../dispatch/index.ts';
import type { FinalFact } from '../../domain/facts/facts.ts';
import type { FormVerdict } from '../evidence/answer-signals.ts';
import type { Gateway } from '../gateway.ts';
import type { CopyOrder, Received } from '../received.ts';
import { ownKey } from './own-key.ts';

/** What the copy of a request brought. */
export interface CopiedAnswer {
  readonly final: FinalFact;
  readonly result: DispatchResult;
  readonly verdicts: readonly FormVerdict[];
}

/** What copies are made through. */
export interface CopyCallerDeps {
  readonly gateway: Pick<Gateway, 'handle'>;
  newId(prefix: string): string;
}

/** Copies are the organisation's own work, with its own accounts at hosts. */
const shadowKey = ownKey('switchyard-shadow');

/**
 * Sends the same request, in the client's own dialect, to another model or host. The answer goes nowhere but into the
 * comparison; the exchange is recorded as a copy that nobody is charged for.
 */
export class CopyCaller {
  readonly #deps: CopyCallerDeps;

  constructor(deps: CopyCallerDeps) {
    this.#deps = deps;
  }

  /** Undefined when the copy was refused before it began: no endpoint may answer it, or nothing may be spent. */
  async copy(received: Received, order: Omit<CopyOrder, 'of'>): Promise<CopiedAnswer | undefined> {
    const { gateway, newId } = this.#deps;
    let end: Promise<CopiedAnswer> | undefined;
    await gateway.handle(
      {
        requestId: newId('req'),
        inbound: received.inbound,
        route: received.route,
        framing: received.framing,
        key: shadowKey,
        bytes: received.bytes,
        contentType: received.contentType,
        forwardHeaders: received.forwardHeaders,
        controls: { explain: false, feature: 'shadow', cache: 'off' },
        copy: { ...order, of: received.requestId },
        settled({ final, result, verdicts }) {
          end = verdicts().then((seen) => ({ final, result, verdicts: seen }));
        },
      },
      new SilentSink(),
    );
    return end;
  }
}

/** Takes everything and keeps nothing: what is compared is the answer as it was read. */
class SilentSink implements ClientSink {
  readonly gone = false;
  started = false;

  start(_status: number, _headers: AnswerHeaders): void {
    this.started = true;
  }

  write(): boolean {
    return true;
  }

  end(): void {}

  destroy(): void {}

  onDrain(): void {}

  onGone(): void {}
}
