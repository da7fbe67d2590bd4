import type { PromptVersion, ResolvedJob } from '../../catalog/index.ts';
import { Fault } from '../../domain/faults/fault.ts';
import { editObject, estimateTextTokens, spliceJson } from '../../protocols/index.ts';
import type { Received } from '../received.ts';
import type { Resumed } from '../responses/responses-state.ts';
import type { RolloutPort } from './rollout-port.ts';
import type { RolloutSide } from './route-by-side.ts';

/** The prompt that a request of a job gets. */
export interface ServedPrompt {
  /** Absent: none, or the candidate's side of a rollout that was drawn against it. */
  readonly version?: PromptVersion | undefined;
  /** The side of the prompt's own canary. */
  readonly side?: RolloutSide | undefined;
}

const noPrompt: ServedPrompt = {};

/** Settings of the job first; what rollouts brought in stands as long as the settings are those it was tried against. */
export function promptOf(
  { job, prompt }: Pick<ResolvedJob, 'job' | 'prompt'>,
  unit: string,
  rollouts: Pick<RolloutPort, 'prompt'> | undefined,
): ServedPrompt {
  const rolled = rollouts?.prompt(job, unit);
  if (rolled === undefined) return prompt === undefined ? noPrompt : { version: prompt };
  const fits = ({ replaces }: { readonly replaces: string }): boolean => replaces === (prompt?.versionId ?? '');
  const standing = rolled.promoted.findLast(fits) ?? prompt;
  const { tried } = rolled;
  if (tried === undefined || !fits(tried.prompt)) return { version: standing };
  const version = tried.side.arm === 'candidate' ? tried.prompt : standing;
  return { version, side: { ...tried.side, endpoints: undefined, isUnable: false } };
}

/** Input tokens that it adds, as an estimate. */
export function promptTokens(prompt: PromptVersion | undefined): number {
  return prompt === undefined ? 0 : estimateTextTokens(prompt.instructions);
}

/**
 * The request with the instructions of the prompt in it, in the client's own dialect: whatever follows, translated or
 * passed through, streamed or not, sees one request. What the client asked stays what answers echo and what is kept.
 */
export function instructed(
  { inbound, route }: Pick<Received, 'inbound' | 'route'>,
  resumed: Resumed | Fault,
): Resumed | Fault {
  if (Fault.is(resumed)) return resumed;
  const { request, choice } = resumed;
  const { prompt } = choice;
  if (prompt === undefined || request.head.operation !== 'generate') return resumed;
  // What its issuer remembers of the conversation begins with them.
  if (request.told === prompt.versionId) return resumed;
  const edits = inbound.instructionEdits(request.body, prompt.instructions);
  const body = editObject(request.body, edits);
  const head = inbound.readHead(body, route);
  if (Fault.is(head)) return head;
  const bytes = spliceJson(request.bytes, edits, request.body);
  return { request: { ...request, body, bytes, head, told: prompt.versionId }, choice };
}
