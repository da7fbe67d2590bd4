import { createSeededRandom } from '../../../platform/random.ts';
import type { RoutingModule } from './routing-module.ts';

const models = 40;
const graded = 10_000;
const decisions = 20_000;
const vocabulary = 4000;

/** How long a decision and an update take with 40 candidates and 10,000 graded prompts in the job. */
export function timing(routing: RoutingModule, nowMs: () => number) {
  const random = createSeededRandom(7);
  const word = (): string => `w${Math.floor(vocabulary * random.unit() ** 2).toString(36)}x`;
  const prompt = (): string => Array.from({ length: 60 }, word).join(' ');
  const reader = new routing.FeatureReader();
  const learner = new routing.RoutingLearner();
  const names = Array.from({ length: models }, (_, at) => `model-${at}`);
  for (const name of names) learner.addModel(name);
  const updates: number[] = [];
  for (let at = 0; at < graded; at++) {
    const text = prompt();
    const features = reader.read(text);
    const isEasy = text.includes(' w1x ');
    for (let graders = 0; graders < 3; graders++) {
      const model = Math.floor(random.unit() * models);
      const isRight = random.unit() < 0.5 + (isEasy === model < 20 ? 0.3 : 0);
      const outcome = { id: `${at}.${graders}`, job: 'timing', model: names[model] ?? '', score: isRight ? 1 : 0 };
      const full = { ...outcome, weight: 1, atMs: 0, promptId: `${at}`, features, outputTokens: 100 };
      const startedAt = nowMs();
      learner.learn(full);
      updates.push((nowMs() - startedAt) * 1000);
    }
  }
  learner.refit();
  const state = learner.snapshot(0);
  const candidates = names.map((model, at) => ({ model, inputNanosPerToken: 100 + at, outputNanosPerToken: 500 + at }));
  const tradeoff = { valueNanos: 1e6, exploration: { gamma: 100, epsilon: 0.01 } };
  const texts = Array.from({ length: 500 }, prompt);
  const times = Array.from({ length: decisions }, (_, at) => {
    const text = texts[at % texts.length] ?? '';
    const startedAt = nowMs();
    const request = { job: 'timing', features: reader.read(text), inputTokens: text.length / 4 };
    routing.chooseModel({ state, request, candidates, tradeoff, seed: at });
    return (nowMs() - startedAt) * 1000;
  });
  const quantile = (values: number[], share: number): number =>
    values.sort((left, right) => left - right)[Math.floor(share * (values.length - 1))] ?? 0;
  return {
    models,
    decisions,
    p50Us: quantile(times, 0.5),
    p99Us: quantile(times, 0.99),
    updateP50Us: quantile(updates, 0.5),
  };
}
