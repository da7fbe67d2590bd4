/** What an upstream model of this dialect accepts, where its generations differ. */
export interface ClaudeTraits {
  /** `adaptive`: thinking without a budget, steered by effort; `budget`: a number of tokens, no effort. */
  readonly thinking: 'adaptive' | 'budget';
  /** Thinking can be turned off. */
  readonly thinkingOff: boolean;
  /** Knows the effort between `high` and `max`. */
  readonly xhigh: boolean;
  /** Accepts temperature, top_p and top_k. */
  readonly sampling: boolean;
  /** Accepts temperature and top_p in one request. */
  readonly temperatureWithTopP: boolean;
  /** Accepts a tool choice that forces a call. */
  readonly forcedTools: boolean;
}

const name = /claude-(?:([a-z]+)-)?(\d{1,2})(?:[.-](\d{1,2}))?(?!\d)/;

/**
 * Reads generation and family from a model name in any host's spelling. Names without a generation (other makers speak
 * this dialect too) get the oldest, most widely accepted form.
 * Source: https://platform.claude.com/docs/en/about-claude/models/migration-guide (2026-11).
 */
export function claudeTraits(upstreamModel: string): ClaudeTraits {
  const [, family, major, minor] = name.exec(upstreamModel.toLowerCase()) ?? [];
  if (major === undefined) return { ...oldest, temperatureWithTopP: true };
  const generation = Number(major) * 100 + Number(minor ?? 0);
  const alwaysThinks = (generation >= 505 && family !== 'haiku') || family === 'fable';
  return {
    thinking: generation >= 406 ? 'adaptive' : 'budget',
    thinkingOff: !alwaysThinks,
    xhigh: generation >= 407,
    sampling: generation < 407,
    temperatureWithTopP: generation <= 400,
    forcedTools: !(generation >= 505 && family !== 'haiku') && !(family === 'fable' && generation >= 501),
  };
}

const oldest: ClaudeTraits = {
  thinking: 'budget',
  thinkingOff: true,
  xhigh: false,
  sampling: true,
  temperatureWithTopP: true,
  forcedTools: true,
};
