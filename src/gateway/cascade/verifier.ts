import type { JsonObject } from '../../domain/calls/model-call.ts';

/** What kind of check stands between the models of a cascade. */
export type VerifierKind = 'schema' | 'tests' | 'http';

/** Tests that an answer's code must pass. */
export interface VerifierTests {
  readonly language: string;
  readonly tests: string;
  /** Stands before the answer's code. */
  readonly prelude: string;
}

/** What an answer is held against; each verifier reads its own part. */
export interface VerifierDemand {
  readonly requestId: string;
  readonly job: string;
  readonly customer: string;
  readonly timeoutMs: number;
  /** JSON Schema that the request demands. */
  readonly schema?: JsonObject | undefined;
  readonly tests?: VerifierTests | undefined;
  /** The service to ask. */
  readonly url?: string | undefined;
  /** What the request asks for, as text. */
  promptText(): string;
}

/** An answer as verifiers see it. */
export interface VerifiedAnswer {
  readonly text: string;
  readonly calls: readonly { readonly name: string; readonly arguments: string }[];
}

/** `unknown`: nothing can be said, since the verifier itself could not work. */
export interface VerifierVerdict {
  readonly verdict: 'pass' | 'fail' | 'unknown';
  /** In plain words. */
  readonly reason: string;
}

/** Says whether an answer is right before anybody has seen it. The runtime and the graders bring one each. */
export interface Verifier {
  readonly kind: VerifierKind;
  /** Part of every verdict: another rule is another series. */
  readonly version: string;
  /** Why it cannot look at answers of a request; undefined when it can. */
  refuses(demand: VerifierDemand): string | undefined;
  verify(answer: VerifiedAnswer, demand: VerifierDemand): Promise<VerifierVerdict>;
}
