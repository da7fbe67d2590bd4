import type { LoggedExchange } from '../../domain/facts/exchange-log.ts';
import type { SuccessRule } from '../../domain/outcomes/success-rule.ts';
import { decodeFeatures } from '../features/feature-text.ts';
import type { PromptFeatures } from '../features/prompt-features.ts';
import { groupPrompts } from './group-prompts.ts';

/** Requests that resemble each other and no job. */
export interface ProposedJob {
  readonly requests: number;
  readonly costNanos: bigint;
  /** Requests of unknown cost; in no sum. */
  readonly unpriced: number;
  /** Who answered, most often first. */
  readonly models: readonly { readonly model: string; readonly requests: number }[];
  readonly successes: number;
  readonly failures: number;
  /** 0 to 1: how alike they are. */
  readonly likeness: number;
  /** The most typical ones, to be looked at: the log holds no text. */
  readonly examples: readonly string[];
}

/** What traffic without a job could be jobs. */
export interface JobProposals {
  /** Requests without a job whose prompt was read. */
  readonly requests: number;
  readonly proposed: readonly ProposedJob[];
  /** Requests in groups too small to be a job. */
  readonly alone: number;
  /** Requests beyond what is looked at; the newest are. */
  readonly leftOut: number;
}

/** What is proposed. */
export interface ProposalRules {
  /** Fewer requests are no recurring kind of work. */
  readonly least: number;
  readonly rule: SuccessRule;
}

const mostRequests = 20_000;
const shownExamples = 3;
const mostProposed = 20;

/** Groups the requests that no job was found for. Only what asked for `auto` was read: a named model needs no prompt. */
export function proposeJobs(exchanges: Iterable<LoggedExchange>, { least, rule }: ProposalRules): JobProposals {
  const found = [...exchanges].flatMap((exchange) => {
    const features = featuresOf(exchange);
    return features ? [{ exchange, features }] : [];
  });
  // Words and vectors mean different things: only prompts that were read as the newest one are compared.
  const kind = found.at(-1)?.features.kind;
  const alike = found.filter(({ features }) => features.kind === kind);
  const looked = alike.slice(-mostRequests);
  const groups = groupPrompts(looked.map(({ features }) => features));
  const large = groups.filter(({ members }) => members.length >= least).slice(0, mostProposed);
  const proposed = large.map(({ members, likeness }) => {
    const own = members.flatMap((at) => looked[at]?.exchange ?? []);
    return { ...sumOf(own, rule), likeness };
  });
  const grouped = proposed.reduce((sum, { requests }) => sum + requests, 0);
  return { requests: looked.length, proposed, alone: looked.length - grouped, leftOut: found.length - looked.length };
}

function featuresOf({ final, decision }: LoggedExchange): PromptFeatures | undefined {
  const { routing } = decision ?? {};
  const isUnlabelled = final.job === undefined && routing?.found === 'unknown';
  return isUnlabelled && routing.features !== undefined ? decodeFeatures(routing.features) : undefined;
}

function sumOf(exchanges: readonly LoggedExchange[], rule: SuccessRule): Omit<ProposedJob, 'likeness'> {
  const models = new Map<string, number>();
  for (const { final } of exchanges) models.set(final.model, (models.get(final.model) ?? 0) + 1);
  const verdicts = exchanges.map(({ outcomes }) => rule.judge(outcomes));
  return {
    requests: exchanges.length,
    costNanos: exchanges.reduce((sum, { costNanos }) => sum + (costNanos ?? 0n), 0n),
    unpriced: exchanges.filter(({ costNanos }) => costNanos === null).length,
    models: [...models]
      .map(([model, requests]) => ({ model, requests }))
      .toSorted((left, right) => right.requests - left.requests),
    successes: verdicts.filter((verdict) => verdict === 1).length,
    failures: verdicts.filter((verdict) => verdict === 0).length,
    examples: exchanges.slice(0, shownExamples).map(({ final }) => final.requestId),
  };
}
