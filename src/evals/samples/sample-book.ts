import { join } from 'node:path';
import type { ResolvedJob } from '../../catalog/index.ts';
import type { OutcomeFact } from '../../domain/facts/facts.ts';
import { isJsonObject } from '../../domain/json/is-json-object.ts';
import type { JsonObject } from '../../domain/calls/model-call.ts';
import type { Verdict } from '../../domain/outcomes/outcome.ts';
import type { LeftAnswer, LeftAnswerPort } from '../../gateway/index.ts';
import type { Logger } from '../../platform/logger.ts';
import { type EvalItem, itemDigest } from '../runs/eval-spec.ts';
import { SampleFile } from './sample-file.ts';

/** A request that was kept with its answer. */
export interface Sample {
  readonly requestId: string;
  readonly messages: readonly JsonObject[];
  readonly tools?: readonly JsonObject[];
  readonly responseFormat?: JsonObject;
  readonly maxTokens?: number;
  readonly answer: string;
  /** Model that gave it; unknown of what earlier versions kept. */
  readonly model?: string;
}

/** What keeping samples needs of the product. */
export interface SampleBookDeps {
  readonly dataDirectory: string;
  readonly logger: Logger;
  /** Whether and how many a job keeps. */
  settingsOf(job: string): ResolvedJob['settings']['samples'];
  outcomesOf(requestId: string): readonly OutcomeFact[];
  judge(job: string, outcomes: readonly OutcomeFact[]): Verdict | undefined;
}

/** Longer requests are not kept: an evaluation of a few of them would eat its whole budget. */
const mostBytes = 64 * 1024;

/**
 * Keeps the newest requests of jobs that ask for it, on this machine only. What was a success by the rule of its job
 * becomes an item: another model is right when it answers the same.
 */
export class SampleBook implements LeftAnswerPort {
  readonly #deps: SampleBookDeps;
  readonly #jobs = new Map<string, { readonly file: SampleFile; readonly samples: Promise<Sample[]> }>();

  constructor(deps: SampleBookDeps) {
    this.#deps = deps;
  }

  wants(job: string): boolean {
    return this.#deps.settingsOf(job) !== undefined;
  }

  left({ job, received, final, result }: LeftAnswer): void {
    const settings = this.#deps.settingsOf(job);
    const isKept = settings !== undefined && final.status === 'completed' && final.cache !== 'hit';
    if (!isKept || received.inbound.dialect !== 'openai-chat' || received.bytes.length > mostBytes) return;
    // What runs on a customer's own account is not ours to repeat on another one.
    if (result.endpoint?.ownAccount === true) return;
    const text = result.completion?.blocks.map((block) => (block.type === 'text' ? block.text : '')).join('') ?? '';
    const sample = text === '' ? undefined : toSample(final, received.bytes, text);
    if (sample === undefined) return;
    this.#keep(job, sample, settings.keep).catch((error: unknown) =>
      this.#deps.logger.warn({ err: error, job }, 'a sample could not be kept'),
    );
  }

  /** Items of what was kept and was a success, the newest first; a form that was demanded counts as well. */
  async items(job: string): Promise<readonly EvalItem[]> {
    const compare = this.#deps.settingsOf(job)?.compare ?? 'normalised';
    const samples = await this.#of(job).samples;
    const seen = new Set<string>();
    return samples.toReversed().flatMap(({ requestId, answer, model, ...asked }): EvalItem[] => {
      const verdict = this.#deps.judge(job, this.#deps.outcomesOf(requestId));
      if (verdict === undefined || verdict.value < 1) return [];
      const item = { ...asked, expected: { [compare]: answer } };
      const digest = itemDigest(item);
      if (seen.has(digest)) return [];
      seen.add(digest);
      return [{ ...item, id: requestId, digest, ...(model !== undefined && { answeredBy: model }) }];
    });
  }

  #of(job: string): { readonly file: SampleFile; readonly samples: Promise<Sample[]> } {
    const known = this.#jobs.get(job);
    if (known) return known;
    const file = new SampleFile(join(this.#deps.dataDirectory, 'samples', `${encodeURIComponent(job)}.ndjson`));
    const opened = { file, samples: file.read().then((samples) => [...samples]) };
    this.#jobs.set(job, opened);
    return opened;
  }

  async #keep(job: string, sample: Sample, most: number): Promise<void> {
    const { file, samples } = this.#of(job);
    const kept = await samples;
    kept.push(sample);
    if (kept.length > most) kept.splice(0, kept.length - most);
    // As it is now: what comes while the file is busy writes itself.
    await file.add(sample, [...kept]);
  }
}

/** Only what a chat completion asks for; undefined when it asks for something that an item cannot hold. */
function toSample({ requestId, model }: LeftAnswer['final'], bytes: Buffer, answer: string): Sample | undefined {
  const body = JSON.parse(bytes.toString('utf8')) as Partial<Record<string, unknown>>;
  const { messages, tools, response_format: responseFormat, max_tokens: maxTokens } = body;
  if (!Array.isArray(messages)) return undefined;
  return {
    requestId,
    messages: messages as readonly JsonObject[],
    ...(Array.isArray(tools) && { tools: tools as readonly JsonObject[] }),
    ...(isJsonObject(responseFormat) && { responseFormat }),
    ...(typeof maxTokens === 'number' && { maxTokens }),
    answer,
    ...(model !== undefined && { model }),
  };
}
