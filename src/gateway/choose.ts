import { hash } from 'node:crypto';
import type { Catalog, ResolvedModel } from '../catalog/index.ts';
import type { PolicyConfig } from '../config/index.ts';
import { Fault } from '../domain/fault.ts';
import type { RequestHead } from '../protocols/index.ts';
import {
  type Decision,
  decide,
  type ModelCandidate,
  type Needs,
  type OutcomeBook,
  type StickyMap,
} from '../routing/index.ts';
import type { Signals } from '../signals/index.ts';
import type { OwnAccounts } from './own-accounts.ts';
import type { Received } from './received.ts';

/** What the choice of endpoints needs to know. */
export interface ChoiceDeps {
  readonly catalog: Catalog;
  readonly signals: Signals;
  readonly outcomes: OutcomeBook;
  readonly sticky: StickyMap;
  /** Absent: nobody brings keys of its own. */
  readonly accounts?: OwnAccounts | undefined;
  readonly nowMs: number;
}

/** A decision with what dispatch and the sticky map need of it. */
export interface Choice {
  readonly decision: Decision;
  readonly policy: PolicyConfig;
  readonly job: string | undefined;
  /** Key of the conversation, when stickiness matters. */
  readonly conversation: string | undefined;
}

const jobPrefix = 'job/';
const maxNameLength = 512;
const noNeeds: Needs = {
  tools: false,
  images: false,
  audio: false,
  documents: false,
  reasoning: false,
  inputTokens: 0,
};

/** Resolves the asked model or job, checks that the key may use it, and decides the order of endpoints. */
export function choose(received: Received, head: RequestHead, deps: ChoiceDeps): Choice | Fault {
  const job = jobOf(received, head, deps.catalog);
  if (Fault.is(job)) return job;
  const { onlyJob } = received.key;
  if (onlyJob !== undefined && job !== onlyJob) return boundToJob(onlyJob);
  const known = job === undefined ? resolveOne(head.model, deps.catalog) : allowedModels(job, received, deps.catalog);
  if (Fault.is(known)) return known;
  const models = deps.accounts?.at(received.key.customer, known) ?? known;
  if (job === undefined && !received.key.mayUse(head.model)) return notAllowed(received, head.model);
  if (job !== undefined && models.length === 0) return notAllowed(received, head.model);
  const [first] = models;
  if (!first) return new Fault('no_candidate', { message: `The job "${job}" has no models.` });
  const conversation = needsConversation(models) ? conversationOf(received, head) : undefined;
  const warmEndpointId = conversation === undefined ? undefined : deps.sticky.get(conversation);
  const unavailable = unavailableOf(models, deps);
  const leavesWarm = warmEndpointId !== undefined && unavailable.has(warmEndpointId);
  const decision = decide({
    candidates: models.map((model) => toCandidate(model, job, deps.outcomes)),
    needs: needsOf(head, models, leavesWarm),
    conversation: conversation ?? received.requestId,
    warmEndpointId,
    unavailable,
    ...(job !== undefined && { job }),
  });
  return Fault.is(decision) ? decision : { decision, policy: first.policy, job, conversation };
}

/** `job/NAME`, the header, or the metadata of the request; `auto` means whichever of these is there. */
function jobOf(received: Received, head: RequestHead, catalog: Catalog): string | undefined | Fault {
  const byModel = head.model.startsWith(jobPrefix) ? head.model.slice(jobPrefix.length) : undefined;
  const asked = received.controls.job ?? head.job ?? received.key.onlyJob;
  const named = byModel ?? (head.model === 'auto' ? asked : undefined);
  if (named !== undefined) {
    if (catalog.job(named)) return named;
    const known = catalog.jobNames().join(', ') || 'none';
    return new Fault('model_unknown', {
      message: `The job "${named}" is not configured. Known jobs: ${known}.`,
      param: 'model',
    });
  }
  if (head.model !== 'auto') return undefined;
  const [only, ...others] = catalog.jobNames();
  if (only !== undefined && others.length === 0) return only;
  const message = 'The model "auto" needs a job: send the header x-switchyard-job, or ask for job/NAME.';
  return new Fault('model_unknown', { message, param: 'model' });
}

function resolveOne(name: string, catalog: Catalog): readonly ResolvedModel[] | Fault {
  // Names at a host are the client's to choose: they go into URLs, headers, facts and caches.
  if (name.length > maxNameLength || /\p{Surrogate}/u.test(name)) {
    const message = `A model name has at most ${maxNameLength} characters and is valid Unicode.`;
    return new Fault('model_unknown', { message, param: 'model' });
  }
  const model = catalog.resolve(name);
  return Fault.is(model) ? model : [model];
}

function allowedModels(job: string, received: Received, catalog: Catalog): readonly ResolvedModel[] {
  const candidates = catalog.job(job)?.candidates ?? [];
  if (received.key.mayUse(`${jobPrefix}${job}`)) return candidates;
  return candidates.filter(({ name }) => received.key.mayUse(name));
}

function notAllowed(received: Received, model: string): Fault {
  const message = `The key "${received.key.name}" may not use the model "${model.slice(0, 200)}".`;
  return new Fault('not_allowed', { message, param: 'model' });
}

function boundToJob(job: string): Fault {
  return new Fault('not_allowed', { message: `The token may only ask for "${jobPrefix}${job}".`, param: 'model' });
}

function needsConversation(models: readonly ResolvedModel[]): boolean {
  return models.length > 1 || models.some(({ endpoints }) => endpoints.length > 1);
}

/** Whose prompt cache a request may share: named by the client, else told by its beginning; never across customers. */
function conversationOf(received: Received, head: RequestHead): string {
  const named = received.controls.session ?? head.cacheKey;
  const key = named === undefined ? `p:${digestOf(head.prefix())}` : `s:${digestOf(named)}`;
  return `${received.key.customer}\u0000${head.model}\u0000${key}`;
}

/** A prefix may be a whole manual, and a client's key as long: what is kept of a conversation is its digest. */
function digestOf(text: string): string {
  return hash('sha256', text, 'base64');
}

function toCandidate(model: ResolvedModel, job: string | undefined, outcomes: OutcomeBook): ModelCandidate {
  const plain = { model: model.name, endpoints: model.endpoints };
  return job === undefined ? plain : { ...plain, evidence: outcomes.evidence(job, model.name) };
}

/** Features and size are only looked at when something depends on them: on most requests nothing does. */
function needsOf(head: RequestHead, models: readonly ResolvedModel[], leavesWarm: boolean): Needs {
  if (head.operation !== 'generate') return noNeeds;
  let hasCapabilities = false;
  let hasLimits = leavesWarm;
  for (const { endpoints } of models) {
    for (const { capabilities, limits } of endpoints) {
      if (limits.contextTokens !== undefined) hasLimits = true;
      for (const _ in capabilities) hasCapabilities = true;
    }
  }
  if (!hasCapabilities && !hasLimits) return noNeeds;
  const features = hasCapabilities ? head.features() : noNeeds;
  return { ...features, inputTokens: hasLimits ? head.estimateInputTokens() : 0 };
}

function unavailableOf(models: readonly ResolvedModel[], deps: ChoiceDeps): ReadonlyMap<string, string> {
  const unavailable = new Map<string, string>();
  for (const { endpoints } of models) {
    for (const { id } of endpoints) {
      const availability = deps.signals.of(id).availability();
      if (availability.state === 'ready') continue;
      const waitS = Math.ceil((availability.untilMs - deps.nowMs) / 1000);
      const what = availability.state === 'open' ? 'its circuit is open' : 'rate limited';
      unavailable.set(id, `${what} for ${waitS} s`);
    }
  }
  return unavailable;
}
