import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { CliError } from '../../shell/cli-error.ts';

/** One prompt with the measured score and cost of every model. */
export interface BenchRow {
  readonly id: string;
  readonly job: string;
  readonly prompt: string;
  readonly inputTokens: number;
  /** One per model, NaN where not measured. */
  readonly scores: Float64Array;
  /** Nano-USD, one per model; undefined for sets without costs. */
  readonly costs: Float64Array | undefined;
  readonly latencyMs: Float64Array | undefined;
  /** Stated by the set itself: a row of known jobs, or of a job nobody trained on. */
  readonly holdout: 'row' | 'task' | undefined;
  /** Set where two prompts say the same. */
  readonly paraphrase: string | undefined;
}

/** Prices as statistics, in nano-USD per token. */
export interface BenchPrice {
  readonly input: number;
  readonly output: number;
}

/** A set of graded prompts as far as it is scored. */
export interface BenchSet {
  readonly name: string;
  readonly models: readonly string[];
  readonly prices: readonly BenchPrice[];
  readonly hasCosts: boolean;
  readonly costBasis: 'real' | 'derived' | 'none';
  readonly rows: readonly BenchRow[];
  /** Ids of all rows, scored or not. */
  readonly ids: readonly string[];
}

interface Meta {
  readonly models: readonly string[];
  readonly score_models?: readonly string[];
  readonly prices_usd_per_M?: Readonly<
    Record<string, { readonly in?: number | null; readonly out?: number | null }>
  > | null;
  readonly cost?: string;
}

interface RawRow {
  readonly id: string;
  readonly task: string;
  readonly prompt?: string | null;
  readonly original?: string;
  readonly paraphrase?: string;
  readonly tools?: string;
  readonly s: readonly (number | null)[];
  readonly c?: readonly (number | null)[];
  readonly lat?: readonly (number | null)[];
  readonly skip?: string;
  readonly holdout?: 'row' | 'task';
}

const charactersPerToken = 4;
const suffix = '.jsonl.gz';

/** Names of the sets in a folder, in alphabetical order. */
export async function listSets(folder: string): Promise<string[]> {
  const names = await readdir(folder).catch(() => {
    throw new CliError(`cannot read the folder ${folder}`, 1);
  });
  return names
    .filter((name) => name.endsWith(suffix))
    .map((name) => name.slice(0, -suffix.length))
    .sort();
}

/** Reads one set; the models scored are those of the first folder in `metaFolder` if given, else its own. */
export async function loadSet(folder: string, name: string): Promise<BenchSet> {
  try {
    const meta = JSON.parse(await readFile(path.join(folder, `${name}.meta.json`), 'utf8')) as Meta;
    const text = gunzipSync(await readFile(path.join(folder, `${name}${suffix}`))).toString('utf8');
    const raw = text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as RawRow);
    return shape(name, meta, raw);
  } catch (error) {
    throw new CliError(`cannot read the set ${name} in ${folder}: ${error instanceof Error ? error.message : ''}`, 1);
  }
}

function shape(name: string, meta: Meta, raw: readonly RawRow[]): BenchSet {
  const models = meta.score_models ?? meta.models;
  const places = models.map((model) => meta.models.indexOf(model));
  const hasCosts = raw.some(({ c }) => c !== undefined);
  const prices = models.map((model) => priceOf(meta, model));
  const rows = raw.filter(
    ({ skip, prompt, original }) =>
      skip === undefined && (prompt ?? original) !== undefined && (prompt ?? original) !== null,
  );
  return {
    name,
    models,
    prices,
    hasCosts,
    costBasis: costBasis(meta, hasCosts),
    rows: rows.map((row) => rowOf(row, places, hasCosts)),
    ids: raw.map(({ id }) => id),
  };
}

/** Without prices the cost itself takes the place of output tokens, at one nano-USD each. */
function priceOf({ prices_usd_per_M: prices }: Meta, model: string): BenchPrice {
  const price = prices?.[model];
  if (typeof price?.in !== 'number' || typeof price.out !== 'number') return { input: 0, output: 1 };
  return { input: price.in * 1000, output: price.out * 1000 };
}

function costBasis({ cost = '' }: Meta, hasCosts: boolean): BenchSet['costBasis'] {
  if (!hasCosts) return 'none';
  return /real/i.test(cost) ? 'real' : 'derived';
}

function rowOf(row: RawRow, places: readonly number[], hasCosts: boolean): BenchRow {
  const pick = (values: readonly (number | null)[] | undefined, factor: number): Float64Array =>
    Float64Array.from(places, (place) => (values?.[place] ?? Number.NaN) * factor);
  const prompt = row.prompt ?? row.original ?? '';
  return {
    id: row.id,
    job: row.task,
    prompt,
    inputTokens: (prompt.length + (row.tools?.length ?? 0)) / charactersPerToken,
    scores: pick(row.s, 1),
    costs: hasCosts ? pick(row.c, 1e9) : undefined,
    latencyMs: row.lat ? pick(row.lat, 1000) : undefined,
    holdout: row.holdout,
    paraphrase: row.paraphrase,
  };
}
