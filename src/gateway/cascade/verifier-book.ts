import type { OutcomeFact } from '../../domain/facts/facts.ts';
import { outcomeIdentity } from '../../domain/outcomes/outcome-identity.ts';
import { isNecessaryOnly, standingOutcomes, verdictOf } from '../../domain/outcomes/outcome.ts';

/** Verdicts of a verifier beside what became of the answers. */
export interface VerifierRecord {
  /** Expected share of wrong verdicts. */
  readonly error: number;
  /** Verdicts whose answers were judged by somebody else as well. */
  readonly compared: number;
  /** Answers that it let pass and that were wrong, and right ones that it turned down. */
  readonly falsePasses: number;
  readonly falseFails: number;
}

interface Verdict {
  readonly job: string;
  readonly passed: boolean;
  readonly told: Map<string, OutcomeFact>;
  /** Whether others agree; undefined: nobody has said. */
  agrees: boolean | undefined;
}

interface Tally {
  readonly compared: Map<string, boolean>;
  falsePasses: number;
  falseFails: number;
}

/** Before there is evidence a verifier is taken to err so often, with the weight of so many comparisons. */
const priorError = 0.05;
const priorWeight = 20;
/** Only the latest comparisons of a job count: verifiers and tests change. */
const windowSize = 400;
const mostVerdicts = 20_000;
const mostToldPerVerdict = 20;
/** Outcomes of other gateways that came before the verdict that they are about. */
const mostEarly = 2_000;
/** Weaker evidence than this does not overrule a verifier. */
const leastWeight = 0.5;

/**
 * Measures verifiers by outcomes that others told of the same answers, here or at another gateway. A projection of
 * outcome facts: the same facts, in whatever order and however often they come, give the same figures, and what is
 * retracted counts as never told.
 */
export class VerifierBook {
  readonly #verdicts = new Map<string, Verdict>();
  readonly #tallies = new Map<string, Tally>();
  readonly #early = new Map<string, Map<string, OutcomeFact>>();

  note(fact: OutcomeFact): void {
    if (fact.draft === true) return;
    if (fact.kind === 'verified') this.#noteVerdict(fact);
    else this.#noteTold(fact);
  }

  of(job: string): VerifierRecord {
    const { compared, falsePasses, falseFails } = this.#tallies.get(job) ?? emptyTally();
    const wrong = falsePasses + falseFails;
    const error = (wrong + priorError * priorWeight) / (compared.size + priorWeight);
    return { error, compared: compared.size, falsePasses, falseFails };
  }

  #noteVerdict({ requestId, job, value }: OutcomeFact): void {
    if (job === undefined || value === undefined || this.#verdicts.has(requestId)) return;
    if (this.#verdicts.size >= mostVerdicts) {
      const [oldest] = this.#verdicts.keys();
      if (oldest !== undefined) this.#verdicts.delete(oldest);
    }
    const told = this.#early.get(requestId) ?? new Map<string, OutcomeFact>();
    this.#early.delete(requestId);
    const verdict: Verdict = { job, passed: value >= 0.5, told, agrees: undefined };
    this.#verdicts.set(requestId, verdict);
    if (told.size > 0) this.#compare(requestId, verdict);
  }

  #noteTold(fact: OutcomeFact): void {
    // What the gateway sees is often what the verifier looked at: it would be held against itself.
    if (fact.source === 'gateway') return;
    const { requestId } = fact;
    const verdict = this.#verdicts.get(requestId);
    const told = verdict?.told ?? this.#earlyOf(requestId);
    const identity = outcomeIdentity(fact);
    if (told.has(identity) || told.size >= mostToldPerVerdict) return;
    told.set(identity, fact);
    if (verdict) this.#compare(requestId, verdict);
  }

  #earlyOf(requestId: string): Map<string, OutcomeFact> {
    const known = this.#early.get(requestId);
    if (known) return known;
    if (this.#early.size >= mostEarly) {
      const [oldest] = this.#early.keys();
      if (oldest !== undefined) this.#early.delete(oldest);
    }
    const fresh = new Map<string, OutcomeFact>();
    this.#early.set(requestId, fresh);
    return fresh;
  }

  #compare(requestId: string, verdict: Verdict): void {
    this.#count(requestId, verdict, -1);
    verdict.agrees = agreementOf(verdict);
    this.#count(requestId, verdict, 1);
  }

  #count(requestId: string, { job, passed, agrees }: Verdict, sign: 1 | -1): void {
    if (agrees === undefined) return;
    const tally = this.#tallies.get(job) ?? emptyTally();
    this.#tallies.set(job, tally);
    if (sign === 1) tally.compared.set(requestId, agrees);
    else if (!tally.compared.delete(requestId)) return;
    if (!agrees) countWrong(tally, passed, sign);
    if (tally.compared.size <= windowSize) return;
    const [oldest] = tally.compared;
    if (!oldest) return;
    tally.compared.delete(oldest[0]);
    const left = this.#verdicts.get(oldest[0]);
    if (!oldest[1]) countWrong(tally, left?.passed ?? true, -1);
  }
}

/** Whether the strongest evidence of others bears a verdict out; of equally strong voices none may speak against it. */
function agreementOf({ passed, told }: Verdict): boolean | undefined {
  // A kept form proves little of an answer.
  const counted = standingOutcomes([...told.values()]).filter(
    ({ kind, value = 0 }) => !isNecessaryOnly(kind) || value === 0,
  );
  const kinds = new Set(counted.map(({ kind }) => kind));
  const voices = [...kinds].flatMap((kind) => verdictOf(counted.filter((one) => one.kind === kind)) ?? []);
  const strongest = Math.max(leastWeight, ...voices.map(({ weight }) => weight));
  const decisive = voices.filter(({ weight }) => weight === strongest);
  return decisive.length === 0 ? undefined : decisive.every(({ value }) => value >= 0.5 === passed);
}

function countWrong(tally: Tally, passed: boolean, by: 1 | -1): void {
  if (passed) tally.falsePasses += by;
  else tally.falseFails += by;
}

function emptyTally(): Tally {
  return { compared: new Map(), falsePasses: 0, falseFails: 0 };
}
