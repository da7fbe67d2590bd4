import { hash } from 'node:crypto';
import type { Catalog, PromptVersion, ResolvedJob, ResolvedModel } from '../../catalog/index.ts';
import type { PolicyConfig } from '../../config/index.ts';
import { Fault } from '../../domain/faults/fault.ts';
import type { JsonObject } from '../../domain/calls/model-call.ts';
import type { RequestHead } from '../../protocols/index.ts';
import { type Decision, decide, type FeatureReader, type Needs, type PromptFeatures } from '../../routing/index.ts';
import type { Cascades } from '../cascade/cascades.ts';
import type { PlannedCascade } from '../cascade/plan-cascade.ts';
import { type FoundJob, type JobFinder, jobPrefix } from './find-job.ts';
import { promptOf, promptTokens } from './job-prompt.ts';
import type { OwnAccounts } from './own-accounts.ts';
import type { PromptEmbedder } from './prompt-embedder.ts';
import type { Asking, CopyOrder } from '../received.ts';
import { notAllowed, resolveName, resolveNamed } from './resolve-named.ts';
import type { LeftAnswerPort, RolloutPort } from './rollout-port.ts';
import { routeBySide, type RolloutSide, type SidedRequest } from './route-by-side.ts';
import { type RouteDeps, type Routed, type RoutedRequest, routeModels } from './route-models.ts';

/** What the choice of endpoints needs to know. */
export interface ChoiceDeps extends RouteDeps {
  readonly catalog: Catalog;
  readonly jobs: JobFinder;
  readonly reader: FeatureReader;
  /** Absent: prompts are read by their words. */
  readonly embedder?: Pick<PromptEmbedder, 'read'> | undefined;
  /** Absent: no rollouts. */
  readonly rollouts?: RolloutPort | undefined;
  /** Absent: nobody wants answers that have left. */
  readonly leftAnswers?: Pick<LeftAnswerPort, 'wants'> | undefined;
  /** Absent: nobody brings keys of its own. */
  readonly accounts?: OwnAccounts | undefined;
  /** Absent: one model answers alone. */
  readonly cascades?: Cascades | undefined;
  /** JSON Schema that the request demands; only read when something depends on it. */
  schema?(): JsonObject | undefined;
  /** Whether a hard limit holds for the request, so that nothing may run whose price is unknown. */
  isHardLimited(job: string | undefined): boolean;
  /** What the request asks for, as text; only read when something depends on it. */
  promptText(): string;
}

/** A decision with what dispatch and the sticky map need of it. */
export interface Choice {
  readonly decision: Decision;
  readonly policy: PolicyConfig;
  readonly job: string | undefined;
  /** Key of the conversation, when stickiness matters. */
  readonly conversation: string | undefined;
  /** How a model was chosen among several candidates; absent when one was asked for by name. */
  readonly routed?: Routed;
  /** What the model is told besides, by the job of the request. */
  readonly prompt?: PromptVersion | undefined;
  /** The side of a rollout that answers. */
  readonly rollout?: RolloutSide | undefined;
  /** Who is asked in turn, or whose verifier is measured. */
  readonly cascade?: PlannedCascade | undefined;
  /** Version of the job's settings. */
  readonly jobVersionId?: string | undefined;
  /** The whole answer is wanted, also of a stream. */
  readonly collects?: boolean | undefined;
}

const noNeeds: Needs = {
  tools: false,
  images: false,
  audio: false,
  documents: false,
  reasoning: false,
  inputTokens: 0,
};

/** Resolves the asked model or job, checks that the key may use it, and decides the order of endpoints. */
export function choose(received: Asking, head: RequestHead, deps: ChoiceDeps): Choice | Fault {
  const features = readOnce(head, deps);
  if (received.copy) return chooseUnder({ received, head, features }, received.copy, deps);
  const { under, prompt } = received;
  if (under !== undefined)
    return chooseUnder({ received, head, features }, { job: under, model: head.model, prompt }, deps);
  const job = deps.jobs.find(received, head, { catalog: deps.catalog, features });
  if (Fault.is(job)) return job;
  const { onlyJob } = received.key;
  if (onlyJob !== undefined && job?.routed.name !== onlyJob) return boundToJob(onlyJob);
  return job === undefined ? chooseNamed(received, head, deps) : chooseByJob({ received, head, job, features }, deps);
}

/** A model was asked for by name: its endpoints in order. The prompt is not read. */
function chooseNamed(received: Asking, head: RequestHead, deps: ChoiceDeps): Choice | Fault {
  const known = resolveNamed(head.model, received, deps.catalog);
  if (Fault.is(known)) return known;
  const [model] = deps.accounts?.at(received.key.customer, [known]) ?? [known];
  if (!model) return notAllowed(received.key, head.model);
  const conversation = model.endpoints.length > 1 ? conversationOf(received, head) : undefined;
  const warmEndpointId = conversation === undefined ? undefined : deps.sticky.get(conversation);
  const unavailable = unavailableOf(model, deps);
  const leavesWarm = warmEndpointId !== undefined && unavailable.has(warmEndpointId);
  const decision = decide({
    candidates: [{ model: model.name, endpoints: model.endpoints }],
    needs: needsOf(head, model, leavesWarm),
    conversation: conversation ?? received.requestId,
    warmEndpointId,
    unavailable,
  });
  if (Fault.is(decision)) return decision;
  const { prompt } = received;
  return { decision, policy: model.policy, job: labelOf(received, head, deps.catalog), conversation, prompt };
}

/** A request for a model may say what work it is: it is recorded and learned from, and changes nothing else. */
function labelOf({ controls }: Asking, head: RequestHead, catalog: Catalog): string | undefined {
  const named = controls.job ?? head.job;
  return named !== undefined && catalog.job(named) ? named : undefined;
}

interface JobRequest {
  readonly received: Asking;
  readonly head: RequestHead;
  readonly job: FoundJob;
  features(): PromptFeatures | undefined;
}

function chooseByJob({ received, head, job: found, features }: JobRequest, deps: ChoiceDeps): Choice | Fault {
  const { job, routed, terms } = found;
  const known = job ? allowedModels(job, received) : choosable(received, deps.catalog);
  const models = deps.accounts?.at(received.key.customer, known) ?? known;
  const [first] = models;
  if (!first) return job ? notAllowed(received.key, head.model) : nothingToChoose(received, deps.catalog);
  const needsConversation = models.length > 1 || first.endpoints.length > 1;
  const jobName = routed.name === '' ? undefined : routed.name;
  // A named conversation stays on its side of a rollout; without a name each request is drawn.
  const unit = received.controls.session ?? head.cacheKey ?? received.requestId;
  const isTold = job !== undefined && head.operation === 'generate';
  const { version: prompt, side } = isTold ? promptOf(job, unit, deps.rollouts) : {};
  const conversation = needsConversation ? conversationOf(received, head, prompt) : undefined;
  const asked: SidedRequest = {
    requestId: received.requestId,
    key: received.key.name,
    head,
    job: routed,
    terms,
    models,
    conversation,
    needsPrice: deps.isHardLimited(jobName),
    promptTokens: promptTokens(prompt),
    resolvedJob: job,
    unit,
    features() {
      const words = features();
      return words && deps.embedder ? deps.embedder.read(job, deps.promptText(), words) : words;
    },
    candidate(name) {
      const model = deps.catalog.resolve(name);
      if (Fault.is(model) || !(job && received.key.mayUse(`${jobPrefix}${job.job}`))) return undefined;
      return deps.accounts?.at(received.key.customer, [model])[0] ?? model;
    },
  };
  const { decided, rollout } = routeBySide(asked, deps);
  if (Fault.is(decided)) return decided;
  const choice = {
    decision: decided.decision,
    routed: decided.routed,
    policy: first.policy,
    job: jobName,
    conversation,
    jobVersionId: routed.versionId,
    // One rollout runs at a time: that of the prompt, or the one that was told here.
    rollout: side ?? rollout,
    prompt,
    collects: jobName !== undefined && deps.leftAnswers?.wants(jobName) === true,
  };
  const settings = job?.settings.cascade;
  // A side of a rollout is measured alone.
  if (!settings || !deps.cascades || choice.rollout !== undefined) return choice;
  const { promptText, schema } = deps;
  const planned = deps.cascades.plan({ received, head, job: job.job, settings, decided, promptText, schema });
  return Fault.is(planned) ? planned : { ...choice, ...planned };
}

/**
 * What clients of a job asked, put to a candidate under all the demands of the job. It is no traffic of the job, and its
 * prompt cache is nobody's.
 */
function chooseUnder(
  { received, head, features }: Omit<JobRequest, 'job'>,
  asked: Omit<CopyOrder, 'of'>,
  deps: ChoiceDeps,
): Choice | Fault {
  const model = resolveName(asked.model, deps.catalog);
  if (Fault.is(model)) return model;
  const found = deps.jobs.byName(asked.job, deps.catalog);
  if (!found) return new Fault('model_unknown', { message: `There is no job "${asked.job}".` });
  const own = model.endpoints.filter(
    ({ modelName, host }) =>
      modelName === model.endpoints[0]?.modelName && (asked.host === undefined || host.id === asked.host),
  );
  const request: RoutedRequest = {
    requestId: received.requestId,
    key: received.key.name,
    head,
    job: found.routed,
    terms: found.terms,
    models: [{ ...model, endpoints: own }],
    conversation: undefined,
    needsPrice: true,
    promptTokens: promptTokens(asked.prompt),
    features,
  };
  const decided = routeModels(request, deps);
  if (Fault.is(decided)) return decided;
  // A copy is asked once: its money is set aside for one answer.
  const once = { ...model.policy, maxAttempts: 1, continuation: 'off', hedge: false } as const;
  const policy = received.copy ? once : model.policy;
  return { ...decided, policy, job: undefined, conversation: undefined, prompt: asked.prompt, collects: true };
}

/** Looking for the job and choosing the model read the same prompt: once is enough. */
function readOnce(head: RequestHead, { reader, promptText }: ChoiceDeps): () => PromptFeatures | undefined {
  let read: PromptFeatures | undefined;
  return () => {
    if (head.operation !== 'generate') return undefined;
    read ??= reader.read(promptText());
    return read;
  };
}

function allowedModels({ job, candidates }: ResolvedJob, { key }: Asking): readonly ResolvedModel[] {
  return key.mayUse(`${jobPrefix}${job}`) ? candidates : candidates.filter(({ name }) => key.mayUse(name));
}

const mostChoosable = 64;

/** Of a request that resembles no job: whatever the configuration names and the key may use. */
function choosable({ key }: Asking, catalog: Catalog): readonly ResolvedModel[] {
  const models = catalog.choosable().filter(({ name }) => key.mayUse(name));
  return models.slice(0, mostChoosable);
}

function nothingToChoose(received: Asking, catalog: Catalog): Fault {
  if (catalog.choosable().length > 0) return notAllowed(received.key, 'auto');
  const message = 'The model "auto" needs jobs or models in the configuration; or name a model.';
  return new Fault('model_unknown', { message, param: 'model' });
}

function boundToJob(job: string): Fault {
  return new Fault('not_allowed', { message: `The token may only ask for "${jobPrefix}${job}".`, param: 'model' });
}

/** Whose prompt cache a request may share: named by the client, else told by its beginning; never across customers. */
function conversationOf(received: Asking, head: RequestHead, prompt?: PromptVersion): string {
  const named = received.controls.session ?? head.cacheKey;
  const key = named === undefined ? `p:${digestOf(head.prefix())}` : `s:${digestOf(named)}`;
  // Another prompt is another beginning: what is warm for one is cold for the other.
  const told = prompt === undefined ? '' : `\u0000${prompt.versionId}`;
  return `${received.key.customer}\u0000${head.model}\u0000${key}${told}`;
}

/** A prefix may be a whole manual, and a client's key as long: what is kept of a conversation is its digest. */
function digestOf(text: string): string {
  return hash('sha256', text, 'base64');
}

/** Features and size are only looked at when something depends on them: on most requests nothing does. */
function needsOf(head: RequestHead, { endpoints }: ResolvedModel, leavesWarm: boolean): Needs {
  if (head.operation !== 'generate') return noNeeds;
  let hasCapabilities = false;
  let hasLimits = leavesWarm;
  for (const { capabilities, limits } of endpoints) {
    if (limits.contextTokens !== undefined) hasLimits = true;
    for (const _ in capabilities) hasCapabilities = true;
  }
  if (!hasCapabilities && !hasLimits) return noNeeds;
  const features = hasCapabilities ? head.features() : noNeeds;
  return { ...features, inputTokens: hasLimits ? head.estimateInputTokens() : 0 };
}

function unavailableOf({ endpoints }: ResolvedModel, deps: ChoiceDeps): ReadonlyMap<string, string> {
  const unavailable = new Map<string, string>();
  const nowMs = deps.clock.monotonicMs();
  for (const { id } of endpoints) {
    const availability = deps.signals.of(id).availability();
    if (availability.state === 'ready') continue;
    const waitS = Math.ceil((availability.untilMs - nowMs) / 1000);
    const what = availability.state === 'open' ? 'its circuit is open' : 'rate limited';
    unavailable.set(id, `${what} for ${waitS} s`);
  }
  return unavailable;
}
