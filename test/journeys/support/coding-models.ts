import { createSeededRandom } from '../../../src/platform/random.ts';
import type { FakeUpstream } from '../../fake-upstream/index.ts';
import type { CodeTask } from './code-tasks.ts';

/** A model that writes programs: how often they are right, by job, and what it costs. */
export interface CodingModel {
  readonly name: string;
  readonly skill: { readonly [job: string]: number };
  /** USD per million tokens. */
  readonly inputUsd: number;
  readonly outputUsd: number;
}

/** Of what is wrong, so much is a slip that the visible tests do not show. */
const slipShare = 0.15;

/** What a model answers to a task: always the same, by seed. */
export function answerOf(model: CodingModel, task: CodeTask, seed: number): string {
  const random = createSeededRandom(seed + hashOf(`${model.name}/${task.name}`));
  if (random.unit() < (model.skill[task.job] ?? 0)) return task.right;
  return random.unit() < slipShare ? task.slip : task.wrong;
}

/** Makes a fake upstream answer the next requests about one task as each of the models would. */
export function scriptTask(
  upstream: FakeUpstream,
  models: readonly CodingModel[],
  { task, seed }: { readonly task: CodeTask; readonly seed: number },
): void {
  for (const model of models) {
    upstream.script(model.name, { reply: fenced(task.language, answerOf(model, task, seed)) });
  }
}

/** Configuration of the host and of its models with their prices. */
export function modelsConfig(upstream: FakeUpstream, models: readonly CodingModel[]): string {
  const entry = ({ name, inputUsd, outputUsd }: CodingModel): string =>
    `  ${name}:\n    endpoints:\n      - { host: coders, model: ${name}, price: { input: ${inputUsd}, output: ${outputUsd} } }\n`;
  return `hosts:
  coders: { protocol: openai-chat, baseUrl: "${upstream.baseUrl}" }
models:
${models.map(entry).join('')}`;
}

/** As models write programs: a sentence, then a block. */
export function fenced(language: string, program: string): string {
  return `Here it is:\n\`\`\`${language}\n${program}\`\`\`\n`;
}

/** The program in an answer. */
export function programIn(text: string): string {
  return /```\w*\n([\s\S]*?)```/.exec(text)?.[1] ?? text;
}

function hashOf(text: string): number {
  let hash = 0;
  for (const character of text) hash = (Math.imul(hash, 31) + (character.codePointAt(0) ?? 0)) >>> 0;
  return hash;
}
