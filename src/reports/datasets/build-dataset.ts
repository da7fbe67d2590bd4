import { createHash } from 'node:crypto';
import type { JsonObject } from '../../domain/calls/model-call.ts';

/** A kept request with its answer, who gave it, and what its outcomes say. */
export interface DatasetSample {
  readonly requestId: string;
  readonly messages: readonly JsonObject[];
  readonly tools?: readonly JsonObject[];
  readonly answer: string;
  readonly model: string;
  /** By the rule of the job; 'unknown': nobody told. */
  readonly success: number | 'unknown';
}

/** What the rows may be used for; a model without a stated licence gives none. */
export interface DatasetTerms {
  /** Per model: what its answers may be used for, as the operator stated it. */
  readonly licences: ReadonlyMap<string, string>;
  /** By what the request was kept. */
  readonly consent: string;
}

/** Where a row belongs; one conversation is never on both sides. */
export type DatasetSplit = 'train' | 'validation';

/** What every row says about where it comes from. */
export interface RowOrigin {
  readonly requestId: string;
  readonly model: string;
  readonly licence: string;
  readonly consent: string;
  readonly conversation: string;
  readonly split: DatasetSplit;
}

/** A right answer to learn from. */
export interface SftRow extends RowOrigin {
  readonly messages: readonly JsonObject[];
  readonly tools?: readonly JsonObject[];
}

/** A right and a wrong answer to the same request. */
export interface DpoRow extends RowOrigin {
  readonly prompt: readonly JsonObject[];
  readonly chosen: readonly JsonObject[];
  readonly rejected: readonly JsonObject[];
  /** The wrong answer's own origin. */
  readonly rejectedRequestId: string;
  readonly rejectedModel: string;
  readonly rejectedLicence: string;
}

/** Rows, and how many samples gave none, by reason. */
export interface Dataset<Row> {
  readonly rows: readonly Row[];
  readonly leftOut: Readonly<Record<'unknown outcome' | 'no success' | 'no licence' | 'no counterpart', number>>;
}

const validationShare = 0.1;

/** Right answers, each once; what nobody judged is neither right nor wrong and stays out. */
export function sftDataset(samples: readonly DatasetSample[], terms: DatasetTerms): Dataset<SftRow> {
  const leftOut = nothingLeftOut();
  const seen = new Set<string>();
  const rows = samples.flatMap((sample): SftRow[] => {
    const licence = terms.licences.get(sample.model);
    if (sample.success === 'unknown') leftOut['unknown outcome']++;
    else if (sample.success < 1) leftOut['no success']++;
    else if (licence === undefined) leftOut['no licence']++;
    else {
      const messages = [...sample.messages, answerOf(sample)];
      const digest = digestOf([messages, sample.tools]);
      if (seen.has(digest)) return [];
      seen.add(digest);
      return [{ messages, ...(sample.tools && { tools: sample.tools }), ...originOf(sample, licence, terms) }];
    }
    return [];
  });
  return { rows, leftOut };
}

/** Pairs of a right and a wrong answer to the same messages; each sample takes part in one pair at most. */
export function dpoDataset(samples: readonly DatasetSample[], terms: DatasetTerms): Dataset<DpoRow> {
  const leftOut = nothingLeftOut();
  const asked = new Map<string, { right: DatasetSample[]; wrong: DatasetSample[] }>();
  for (const sample of samples) {
    if (sample.success === 'unknown') leftOut['unknown outcome']++;
    else if (!terms.licences.has(sample.model)) leftOut['no licence']++;
    else {
      const digest = digestOf([sample.messages, sample.tools]);
      const known = asked.get(digest) ?? { right: [], wrong: [] };
      asked.set(digest, known);
      (sample.success >= 1 ? known.right : known.wrong).push(sample);
    }
  }
  const rows = [...asked.values()].flatMap(({ right, wrong }) => {
    const pairs = Math.min(right.length, wrong.length);
    leftOut['no counterpart'] += right.length + wrong.length - 2 * pairs;
    return right.slice(0, pairs).flatMap((good, at) => {
      const bad = wrong[at];
      return bad && good.answer !== bad.answer ? [pairOf(good, bad, terms)] : [];
    });
  });
  return { rows, leftOut };
}

function pairOf(good: DatasetSample, bad: DatasetSample, terms: DatasetTerms): DpoRow {
  return {
    prompt: good.messages,
    chosen: [answerOf(good)],
    rejected: [answerOf(bad)],
    rejectedRequestId: bad.requestId,
    rejectedModel: bad.model,
    rejectedLicence: terms.licences.get(bad.model) ?? '',
    ...originOf(good, terms.licences.get(good.model) ?? '', terms),
  };
}

function answerOf({ answer }: DatasetSample): JsonObject {
  return { role: 'assistant', content: answer };
}

function originOf(
  { requestId, model, messages }: DatasetSample,
  licence: string,
  { consent }: DatasetTerms,
): RowOrigin {
  const conversation = conversationOf(messages);
  const place = Number.parseInt(conversation.slice(0, 8), 16) / 0x1_0000_0000;
  return { requestId, model, licence, consent, conversation, split: place < validationShare ? 'validation' : 'train' };
}

/** A conversation is known by how it begins: later turns repeat its first messages. */
function conversationOf(messages: readonly JsonObject[]): string {
  const first = messages.findIndex(({ role }) => role === 'user');
  return digestOf(messages.slice(0, first + 1)).slice(0, 16);
}

function digestOf(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('hex');
}

function nothingLeftOut(): Record<keyof Dataset<never>['leftOut'], number> {
  return { 'unknown outcome': 0, 'no success': 0, 'no licence': 0, 'no counterpart': 0 };
}
