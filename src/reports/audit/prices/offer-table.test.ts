import { describe, expect, it } from 'vitest';
import type { Offer } from './offer.ts';
import { versionIndexAt } from './offer.ts';
import { OfferTable } from './offer-table.ts';

function offer(host: string, model: string, fields: Partial<Offer> = {}): Offer {
  const price = { versionId: `${host}/${model}`, picosPerUnit: { input: 1_000_000n, output: 2_000_000n } };
  return { host, model, versions: [{ fromMs: undefined, price }], ...fields };
}

const free = { versionId: 'free', picosPerUnit: { input: 0n, output: 0n } };
const table = new OfferTable([
  offer('openai', 'gpt-4o', { baseModel: 'gpt-4o' }),
  offer('azure-openai', 'gpt-4o', { baseModel: 'gpt-4o' }),
  offer('openrouter', 'openai/gpt-4o', { baseModel: 'gpt-4o' }),
  offer('openrouter', 'meta/llama-70b:free', {
    baseModel: 'llama-70b',
    versions: [{ fromMs: undefined, price: free }],
  }),
  offer('together', 'meta/Llama-70B', { baseModel: 'llama-70b' }),
  offer('groq', 'llama-70b', { baseModel: 'llama-70b' }),
  offer('bedrock', 'anthropic.claude-sonnet-v1:0'),
  offer('anthropic', 'claude-sonnet-4'),
  offer('deepinfra', 'only-here'),
  offer('together', 'in-two'),
  offer('groq', 'in-two'),
]);

describe('an offer', () => {
  it.each([
    ['openai', 'gpt-4o', 'openai/gpt-4o', 'exact'],
    ['OpenAI', ' GPT-4o ', 'openai/gpt-4o', 'exact'],
    ['azure', 'gpt-4o', 'azure-openai/gpt-4o', 'exact'],
    ['openai', 'openai/gpt-4o', 'openai/gpt-4o', 'exact'],
    ['openrouter', 'openai/gpt-4o', 'openrouter/openai/gpt-4o', 'exact'],
    ['together_ai', 'meta/llama-70b', 'together/meta/Llama-70B', 'exact'],
    ['openai', 'gpt-4o-2024-08-06', 'openai/gpt-4o', 'undated'],
    ['openai', 'gpt-4o-20240806', 'openai/gpt-4o', 'undated'],
    ['anthropic', 'claude-sonnet-4@20250514', 'anthropic/claude-sonnet-4', 'undated'],
    ['bedrock', 'eu.anthropic.claude-sonnet-v1:0', 'bedrock/anthropic.claude-sonnet-v1:0', 'undated'],
    ['openrouter', 'openai/gpt-4o:nitro', 'openrouter/openai/gpt-4o', 'undated'],
    [undefined, 'azure/gpt-4o', 'azure-openai/gpt-4o', 'exact'],
    [undefined, 'gpt-4o', 'openai/gpt-4o', 'maker'],
    [undefined, 'gpt-4o-2024-08-06', 'openai/gpt-4o', 'undated'],
    [undefined, 'claude-sonnet-4', 'anthropic/claude-sonnet-4', 'maker'],
    [undefined, 'only-here', 'deepinfra/only-here', 'maker'],
  ])('of host %s and model %s is %s (%s)', (...[host, model, name, kind]) => {
    const match = table.find(host, model);
    expect([match && `${match.offer.host}/${match.offer.model}`, match?.kind]).toEqual([name, kind]);
  });

  it.each([
    ['openai', 'gpt-5'],
    ['azure', 'llama-70b'],
    ['nobody', 'gpt-4o'],
    ['openai', 'gpt-4o-mini'],
    ['openai', '__proto__'],
    ['__proto__', 'gpt-4o'],
    [undefined, 'in-two'],
    [undefined, 'constructor'],
    [undefined, ''],
    [undefined, '/'],
  ])('of host %s and model %s is not guessed', (host, model) => expect(table.find(host, model)).toBeUndefined());

  it('is compared with the same weights for sale at other hosts only', () => {
    const found = table.find('groq', 'llama-70b');
    const others = found ? table.elsewhere(found.offer) : [];
    expect(others.map(({ host, model }) => `${host}/${model}`)).toEqual(['together/meta/Llama-70B']);
    const alone = table.find('deepinfra', 'only-here');
    expect(alone && table.elsewhere(alone.offer)).toEqual([]);
  });

  it('given first wins over a later one of the same name', () => {
    const own = offer('openai', 'GPT-4o', { versions: [{ fromMs: undefined, price: free }] });
    expect(new OfferTable([own, offer('openai', 'gpt-4o')]).find('openai', 'gpt-4o')?.offer).toBe(own);
  });

  it('has at each instant the version that started last, and the first one before all', () => {
    const price = { versionId: 'v', picosPerUnit: {} };
    const dated = offer('h', 'm', {
      versions: [
        { fromMs: 100, price },
        { fromMs: 200, price: undefined },
      ],
    });
    expect([99, 100, 199, 200].map((atMs) => versionIndexAt(dated, atMs))).toEqual([
      { index: 0, isEarly: true },
      { index: 0, isEarly: false },
      { index: 0, isEarly: false },
      { index: 1, isEarly: false },
    ]);
  });
});
