import type { JsonObject } from '../../domain/calls/model-call.ts';
import { estimateTextTokens } from '../../protocols/index.ts';
import type { BatchDemand } from '../../storage/index.ts';

const outputLimits = ['max_completion_tokens', 'max_output_tokens', 'max_tokens'] as const;

/** A row of a batch input. */
export interface BatchRow {
  readonly model: string;
  /** Path of the route it is for; embeddings write nothing. */
  readonly url: string;
  readonly body: JsonObject;
}

/** Adds up what the rows of a batch input may use at most, model by model. */
export class BatchDemands {
  readonly #byModel = new Map<string, { -readonly [Field in keyof BatchDemand]: BatchDemand[Field] }>();

  /** Takes one row, and the line it came from. */
  add({ model, url, body }: BatchRow, line: string): void {
    let demand = this.#byModel.get(model);
    if (!demand) {
      demand = { model, rows: 0, inputTokens: 0, outputTokens: 0, openAnswers: 0 };
      this.#byModel.set(model, demand);
    }
    demand.rows += 1;
    // The whole line, names of fields included: rather too much than too little.
    demand.inputTokens += estimateTextTokens(line);
    if (/\/(embeddings|moderations)$/.test(url)) return;
    const answers = positive(body['n']) ?? 1;
    const limit = outputLimits.map((field) => positive(body[field])).find((tokens) => tokens !== undefined);
    if (limit === undefined) demand.openAnswers += answers;
    else demand.outputTokens += limit * answers;
  }

  all(): readonly BatchDemand[] {
    return [...this.#byModel.values()];
  }
}

function positive(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isSafeInteger(value) && value > 0 ? value : undefined;
}
