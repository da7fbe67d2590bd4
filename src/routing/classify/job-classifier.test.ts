import { describe, expect, it } from 'vitest';
import { FeatureReader } from '../features/feature-reader.ts';
import { decodeFeatures, encodeFeatures } from '../features/feature-text.ts';
import { JobClassifier } from './job-classifier.ts';

const reader = new FeatureReader();
const jobs = [
  {
    name: 'support-reply',
    description: "Answers a customer's question about an order, parcel or refund.",
    examples: [],
  },
  { name: 'sql', description: 'Writes SQL queries for analysts.', examples: ['Count the orders per month with SQL'] },
  {
    name: 'translate',
    description: 'Translates text.',
    examples: ['Translate into German: it rains.', 'Übersetze: Guten Morgen'],
  },
];

describe('finding the job of a request', () => {
  const classifier = new JobClassifier(jobs);

  it.each([
    ['My parcel has not arrived, can I get a refund?', 'support-reply'],
    ['Write a SQL query for the top ten customers', 'sql'],
    ['Translate into French: I like cheese', 'translate'],
    ['Übersetze: Das Auto ist rot', 'translate'],
  ])('takes "%s" for %s', (prompt, job) => {
    expect(classifier.nearest(reader.read(prompt)).job).toBe(job);
  });

  it.each([
    'Compose a poem about the sea',
    'What is the capital of France?',
    '你好,请帮我写一首诗',
    '',
    '{"a": [1, 2]}',
  ])('says honestly that "%s" is none of them', (prompt) => {
    expect(classifier.nearest(reader.read(prompt)).job).toBeUndefined();
  });
});

describe('features as text', () => {
  it.each(['', 'Where is my parcel?', 'x = [1, 2, 3]\n'.repeat(400), '你好,世界', 'a'.repeat(9000)])(
    'come back exactly',
    (prompt) => {
      const features = reader.read(prompt);
      expect(decodeFeatures(encodeFeatures(features))).toEqual(features);
    },
  );

  it('are not read from what is none', () => {
    for (const text of ['', 'AAAA', '!!!', encodeFeatures(reader.read('hello')).slice(0, 40)])
      expect(decodeFeatures(text)).toBeUndefined();
  });
});
