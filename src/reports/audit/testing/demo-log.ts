import { createSeededRandom } from '../../../platform/random.ts';
import type { TextPrice } from './exact-total.ts';
import type { SyntheticCall } from './log-writers.ts';
import { startMs } from './synthetic-log.ts';

const dayMs = 86_400_000;

/** Prices of a lively month: two rises, a cut, and open weights at three hosts. */
export const demoPrices: { readonly [endpoint: string]: readonly TextPrice[] } = {
  'openai/gpt-4o': [
    { fromMs: 0, input: '2.5', output: '10', cacheRead: '1.25' },
    { fromMs: startMs + 11 * dayMs, input: '3', output: '12', cacheRead: '1.5' },
  ],
  'openai/gpt-4o-mini': [{ fromMs: 0, input: '0.15', output: '0.6', cacheRead: '0.075' }],
  'anthropic/claude-sonnet': [{ fromMs: 0, input: '3', output: '15', cacheRead: '0.3', cacheWrite: '3.75' }],
  'mistral/mistral-medium': [
    { fromMs: 0, input: '0.4', output: '2' },
    { fromMs: startMs + 19 * dayMs, input: '1.5', output: '7.5' },
  ],
  'deepseek/deepseek-chat': [
    { fromMs: 0, input: '0.27', output: '1.1', cacheRead: '0.07' },
    { fromMs: startMs + 6 * dayMs, input: '0.14', output: '0.55', cacheRead: '0.035' },
  ],
  'together/llama-70b': [{ fromMs: 0, input: '0.88', output: '0.88' }],
  'groq/llama-70b': [{ fromMs: 0, input: '0.59', output: '0.79' }],
  'deepinfra/llama-70b': [{ fromMs: 0, input: '0.23', output: '0.4' }],
  'azure-openai/gpt-4o': [{ fromMs: 0, input: '2.5', output: '10', cacheRead: '1.25' }],
};

const jobs: readonly (readonly [job: string, model: string, weight: number, input: number, output: number])[] = [
  ['support reply', 'openai/gpt-4o', 30, 4200, 420],
  ['support reply', 'openai/gpt-4o-mini', 22, 2600, 300],
  ['code review', 'anthropic/claude-sonnet', 16, 9800, 900],
  ['document extraction', 'mistral/mistral-medium', 14, 6100, 500],
  ['summaries', 'together/llama-70b', 12, 5200, 350],
  ['product search', 'deepseek/deepseek-chat', 12, 1500, 160],
  [`tag <b>"x"</b> & co`, 'openai/gpt-4o-mini', 1, 900, 90],
];

/** A month of an invented product: weekdays busier than weekends, conversations, retries, repeats and a hostile name. */
export function demoCalls(count: number, seed = 11): SyntheticCall[] {
  const random = createSeededRandom(seed);
  const below = (limit: number): number => Math.floor(random.unit() * limit);
  const weights = jobs.reduce((sum, [, , weight]) => sum + weight, 0);
  let talk: { job: (typeof jobs)[number]; atMs: number; user: string } | undefined;
  return Array.from({ length: count }, (_, index) => {
    const turn = index % 6;
    if (turn === 0 || !talk) {
      const day = busyDay(below);
      const atMs = startMs + day * dayMs + Math.floor(dayMs * (0.25 + 0.6 * random.unit()));
      talk = { job: pick(below(weights)), atMs, user: `customer-${Math.floor(random.unit() ** 2.2 * 40)}` };
    }
    const [job, endpoint, , input, output] = talk.job;
    const slash = endpoint.indexOf('/');
    const size = Math.round(input * (0.5 + random.unit() * 0.8 + turn * 0.25));
    const fate = below(100);
    const stated = (size * 2.5 + output * 10) * 1e-6;
    return {
      id: `demo-${index}`,
      atMs: talk.atMs + turn * 45_000 * (1 + below(8)),
      host: endpoint.slice(0, slash),
      model: below(400) === 0 ? 'in-house-v2' : endpoint.slice(slash + 1),
      input: size,
      cacheRead: below(5) === 0 ? Math.floor(size / 3) : 0,
      cacheWrite: 0,
      output: Math.round(output * (0.3 + random.unit() * 1.4)),
      reasoning: 0,
      user: talk.user,
      job,
      session: `talk-${Math.floor(index / 6)}`,
      stated: stated.toFixed(9),
      outcome: outcomeOf(fate),
      prompt: below(12) === 0 ? `same question ${below(40)}` : `question ${index}`,
    };
  });
}

function outcomeOf(fate: number): 'answered' | 'failed' | 'aborted' {
  if (fate < 2) return 'failed';
  return fate < 5 ? 'aborted' : 'answered';
}

function pick(place: number): (typeof jobs)[number] {
  let left = place;
  for (const job of jobs) {
    left -= job[2];
    if (left < 0) return job;
  }
  throw new Error('weights do not add up');
}

/** 2026-03-01 is a Sunday. */
function busyDay(below: (limit: number) => number): number {
  for (;;) {
    const day = below(31);
    const isWeekend = day % 7 === 0 || day % 7 === 6;
    if (!isWeekend || below(3) === 0) return day;
  }
}
