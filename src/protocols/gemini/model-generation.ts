/** What the name of a Gemini model tells about how it must be asked. */
export interface ModelGeneration {
  /** Whole number of the generation; undefined for names that are not Gemini's. */
  readonly generation: number | undefined;
  readonly isPro: boolean;
}

/** Reads the generation from a model name such as `gemini-3-pro-preview` or `gemini-2.5-flash`. */
export function readModelGeneration(upstreamModel: string): ModelGeneration {
  const match = /gemini-(\d+)/.exec(upstreamModel);
  return { generation: match ? Number(match[1]) : undefined, isPro: /-pro\b/.test(upstreamModel) };
}

/** From generation 3 on: thinking levels, mandatory signatures, ids of calls, media in tool answers. */
export function isThirdGeneration({ generation }: ModelGeneration): boolean {
  return generation !== undefined && generation >= 3;
}

/** Google's documented stand-in for calls whose signature was lost or that another model made. */
export const missingSignature = 'skip_thought_signature_validator';
