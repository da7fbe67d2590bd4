import type { Script } from '../scripts/script.ts';

/** A model that needs no key: deterministic, labelled as simulated in every answer. */
export interface SimulatedModel {
  /** Name in the product, `sim/…`; the last segment is the name on the simulator. */
  readonly name: string;
  readonly description: string;
  readonly dialect: 'openai-chat' | 'openai-responses' | 'anthropic-messages' | 'gemini';
  /** USD per million tokens as decimal text, keyed by usage bucket. */
  readonly price: { readonly input: string; readonly output: string; readonly cacheRead: string };
  readonly contextTokens: number;
  readonly maxOutputTokens: number;
  /** Its usual pace and manner. */
  readonly script: Script;
}

const contextTokens = 128_000;
const maxOutputTokens = 8_192;

/** The models the product offers without any key; they differ in price and speed so that routing has something to weigh. */
export const simulatedModels: readonly SimulatedModel[] = [
  {
    name: 'sim/echo',
    description: 'Simulated: repeats the last user message at once.',
    dialect: 'openai-chat',
    price: { input: '0.01', output: '0.02', cacheRead: '0.001' },
    contextTokens,
    maxOutputTokens,
    script: {},
  },
  {
    name: 'sim/small',
    description: 'Simulated small model: cheap and fast, short answers.',
    dialect: 'openai-chat',
    price: { input: '0.10', output: '0.40', cacheRead: '0.01' },
    contextTokens,
    maxOutputTokens,
    script: { delay: 20, gap: 2 },
  },
  {
    name: 'sim/large',
    description: 'Simulated large model: dear and slower, longer answers.',
    dialect: 'openai-chat',
    price: { input: '3.00', output: '15.00', cacheRead: '0.30' },
    contextTokens,
    maxOutputTokens,
    script: { delay: 80, gap: 8 },
  },
  {
    name: 'sim/tools',
    description: 'Simulated: calls every offered tool once in parallel, then answers from the results.',
    dialect: 'openai-chat',
    price: { input: '0.50', output: '2.00', cacheRead: '0.05' },
    contextTokens,
    maxOutputTokens,
    script: { delay: 20, gap: 2, calls: 16 },
  },
  {
    name: 'sim/reasoning',
    description: 'Simulated: thinks before it answers, with signed thinking where the dialect has it.',
    dialect: 'openai-chat',
    price: { input: '1.00', output: '5.00', cacheRead: '0.10' },
    contextTokens,
    maxOutputTokens,
    script: { delay: 40, gap: 4, reasoning: 6 },
  },
];

/** The simulated model behind a name as the simulator receives it: with or without `sim/`. */
export function findSimulatedModel(name: string): SimulatedModel | undefined {
  return simulatedModels.find((model) => model.name === name || model.name === `sim/${name}`);
}
