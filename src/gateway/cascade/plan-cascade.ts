import type { CascadeConfig } from '../../config/index.ts';
import type { Endpoint } from '../../domain/calls/endpoint.ts';
import type { CascadeFact } from '../../domain/facts/facts.ts';
import { createSeededRandom } from '../../platform/random.ts';
import {
  type ChainModel,
  chooseExpectedChain,
  type Decision,
  type ExpectedChain,
  shareText,
  valueExpectedChain,
} from '../../routing/index.ts';
import type { RoutedChoice } from '../choice/route-models.ts';
import type { Verifier, VerifierDemand } from './verifier.ts';

/** A routed decision that may become a chain. */
export interface CascadeRequest {
  readonly settings: CascadeConfig;
  readonly decided: RoutedChoice;
  readonly verifier: Verifier | undefined;
  readonly demand: VerifierDemand;
  /** Measured share of wrong verdicts. */
  readonly verifierError: number;
  /** Scores on prompts of the job that all of the models were graded on. */
  gradedBy(models: readonly string[]): readonly Float64Array[];
}

/** A chain with what its exchange needs of it. */
export interface PlannedCascade {
  readonly verifier: Verifier;
  readonly demand: VerifierDemand;
  /** Absent: one model answers alone, and the verifier only looks on to be measured. */
  readonly fact?: CascadeFact;
  /** The chain that would have answered, had the request not been drawn to be held out of it. */
  readonly heldOut?: CascadeFact;
}

/** The decision with its chain, or as it was with why there is none. */
export interface CascadeDecision {
  readonly decision: Decision;
  readonly cascade: PlannedCascade | undefined;
}

/**
 * Makes a chain of a routed decision, where the verifier can look at the answers, errs seldom enough, and the chain is
 * expected to be worth more as a whole than the model that was chosen alone.
 */
export function planCascade(request: CascadeRequest): CascadeDecision {
  const { settings, decided, verifier, demand, verifierError } = request;
  const { decision } = decided;
  const without = (why: string, cascade?: PlannedCascade): CascadeDecision => ({
    decision: { ...decision, reasons: [...decision.reasons, `no cascade: ${why}`] },
    cascade,
  });
  if (!verifier) return without(`there is no verifier by ${settings.verifier} here`);
  const refused = verifier.refuses(demand);
  if (refused !== undefined) return without(refused);
  const watched = { verifier, demand };
  if (verifierError > settings.maxVerifierErrorRate) {
    const shares = `${shareText(verifierError)} of its verdicts, ${shareText(settings.maxVerifierErrorRate)} are allowed`;
    return without(`the verifier errs in ${shares}`, watched);
  }
  if (decided.routed.decision.reason === 'exploration') return without(`${decision.model} is being tried`, watched);
  const chain = settings.models === 'auto' ? chosenChain(request) : configuredChain(request, settings.models);
  if (typeof chain === 'string') return without(chain, watched);
  const fact: CascadeFact = {
    stages: chain.stages,
    verifier: verifier.kind,
    verifierError: Number(verifierError.toPrecision(4)),
    by: settings.models === 'auto' ? 'auto' : 'configured',
    success: Number(chain.success.toPrecision(4)),
    costNanos: BigInt(Math.round(chain.costNanos)).toString(),
    single: decision.model,
  };
  const { heldOutShare } = settings;
  if (isHeldOut(decided.routed.input.seed, heldOutShare)) {
    const heldOut = { ...fact, propensity: heldOutShare };
    return without(`held out to measure it, as ${shareText(heldOutShare)} of requests are`, { ...watched, heldOut });
  }
  const kept = heldOutShare > 0 ? { ...fact, propensity: 1 - heldOutShare } : fact;
  const ranked = inStages(decision.ranked, chain.stages);
  const reasons = [sentence(chain, request), ...decision.reasons];
  const [model = decision.model] = chain.stages;
  return { decision: { ...decision, model, ranked, reasons }, cascade: { ...watched, fact: kept } };
}

/** Drawn from the seed of the decision, but not with the number that drew the model. */
function isHeldOut(seed: number, share: number): boolean {
  return share > 0 && createSeededRandom(seed ^ 0x2545f491).unit() < share;
}

/** A floor is about answering alone: a model under it may well make a draft. */
function usableModels({ decided }: CascadeRequest): readonly ChainModel[] {
  const served = new Set(decided.decision.ranked.map(({ modelName }) => modelName));
  return decided.routed.decision.candidates.flatMap(({ model, quality, costNanos, excluded, excludedBy }) => {
    const isOut = excluded !== undefined && excludedBy !== 'floor';
    return isOut || costNanos === undefined || !served.has(model) ? [] : [{ model, quality, costNanos }];
  });
}

function chosenChain(request: CascadeRequest): ExpectedChain | string {
  const { verifierError, decided } = request;
  const models = usableModels(request);
  if (models.length < 2) return 'fewer than two models can answer at a known price';
  const graded = request.gradedBy(models.map(({ model }) => model));
  const chain = chooseExpectedChain(models, { verifierError, graded });
  if (!chain) return 'no chain is sure enough to be as good as the best model alone';
  const { valueNanos } = decided.routed.decision;
  const alone = models.find(({ model }) => model === decided.decision.model);
  if (!alone || valueNanos === undefined) return chain;
  const worth = (success: number, costNanos: number): number => success - costNanos / valueNanos;
  const isWorth = worth(chain.success, chain.costNanos) > worth(alone.quality, alone.costNanos);
  return isWorth ? chain : `${alone.model} alone is worth more than ${chain.stages.join(', then ')}`;
}

function configuredChain(request: CascadeRequest, names: readonly string[]): ExpectedChain | string {
  const usable = usableModels(request);
  const models = names.flatMap((name) => usable.find(({ model }) => model === name) ?? []);
  if (models.length < names.length) {
    const missing = names.filter((name) => !usable.some(({ model }) => model === name));
    return `${missing.join(' and ')} cannot answer, or not at a known price`;
  }
  const { verifierError } = request;
  return valueExpectedChain(models, { verifierError, graded: request.gradedBy(names) });
}

/** Endpoints of each stage in their order, then whoever else may answer when all of these fail. */
function inStages(ranked: readonly Endpoint[], stages: readonly string[]): readonly Endpoint[] {
  const place = ({ modelName }: Endpoint): number => {
    const at = stages.indexOf(modelName);
    return at < 0 ? stages.length : at;
  };
  return ranked.toSorted((left, right) => place(left) - place(right));
}

function sentence({ stages, success, costNanos }: ExpectedChain, { settings, decided, verifierError }: CascadeRequest) {
  const [first, ...others] = stages;
  const alone = decided.routed.decision.candidates.find(({ model }) => model === decided.decision.model);
  const against =
    alone?.costNanos !== undefined && alone.costNanos > 0
      ? `; ${alone.model} alone ${alone.quality.toFixed(2)} at ${shareText(alone.costNanos / costNanos)} of that cost`
      : '';
  const chain = `${first} answers first, then ${others.join(', then ')} where the verifier (${settings.verifier}) turns the answer down`;
  return `${chain}: expected success ${success.toFixed(2)}, the verifier errs in ${shareText(verifierError)}${against}.`;
}
