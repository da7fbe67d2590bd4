import { describe, expect, it } from 'vitest';
import { promptVersionOf } from '../../catalog/index.ts';
import { Fault } from '../../domain/faults/fault.ts';
import type { JsonObject, ModelCall } from '../../domain/calls/model-call.ts';
import {
  anthropicMessagesInbound,
  geminiInbound,
  type InboundProtocol,
  openAIChatInbound,
  openAIResponsesInbound,
  type RouteHints,
} from '../../protocols/index.ts';
import type { Choice } from './choose.ts';
import { instructed, promptOf, promptTokens } from './job-prompt.ts';
import type { Resumed } from '../responses/responses-state.ts';
import type { PromptAssignment } from './rollout-port.ts';

const prompt = promptVersionOf({ name: 'tone', instructions: 'Be kind.' });

function resumedWith(inbound: InboundProtocol, route: RouteHints, text: string): Resumed {
  const body = JSON.parse(text) as JsonObject;
  const head = inbound.readHead(body, route);
  if (Fault.is(head)) throw head;
  const choice = { prompt } as Choice;
  return { request: { body, bytes: Buffer.from(text), head, asked: body }, choice };
}

interface Told {
  readonly bytes: string;
  readonly call: ModelCall;
}

/** The bytes as they would be passed through, and the call as it would be translated. */
function toldBy(inbound: InboundProtocol, route: RouteHints, body: object | string): Told {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const told = instructed({ inbound, route }, resumedWith(inbound, route, text));
  if (Fault.is(told)) throw told;
  const { request } = told;
  expect(JSON.parse(request.bytes.toString())).toEqual(request.body);
  expect(request.asked).toEqual(JSON.parse(text));
  expect(request.told).toBe(prompt.versionId);
  const call = inbound.parseCall(request.body, request.head);
  if (Fault.is(call)) throw call;
  return { bytes: request.bytes.toString(), call };
}

function textsOf({ call }: Told): string[] {
  return call.messages.map(
    ({ role, content }) => `${role}: ${content.map((part) => (part.type === 'text' ? part.text : '')).join('|')}`,
  );
}

const generate: RouteHints = { operation: 'generate' };
const gemini: RouteHints = { operation: 'generate', model: 'job/reply', stream: false };
const user = { role: 'user', content: 'Hi' };

describe('the prompt of a job', () => {
  it('comes before the messages of a chat, and into its first one when that instructs', () => {
    const chat = (...messages: object[]): string[] =>
      textsOf(toldBy(openAIChatInbound, generate, { model: 'job/reply', messages }));
    expect(chat(user)).toEqual(['system: Be kind.', 'user: Hi']);
    expect(chat({ role: 'system', content: 'Be brief.' }, user)).toEqual(['system: Be kind.\n\nBe brief.', 'user: Hi']);
    const parts = [{ type: 'text', text: 'Be brief.' }];
    expect(chat({ role: 'developer', content: parts }, user)).toEqual(['developer: Be kind.|Be brief.', 'user: Hi']);
  });

  it('keeps every other byte of a request that is passed through', () => {
    const text =
      '{"model":"job/reply", "messages":[ {"role":"user","content":"Hi"}],"seed":9007199254740993,"x":1,"x":2}';
    const { request } = instructed(
      { inbound: openAIChatInbound, route: generate },
      resumedWith(openAIChatInbound, generate, text),
    ) as Resumed;
    expect(request.bytes.toString()).toBe(text.replace('[ {', '[{"role":"system","content":"Be kind."}, {'));
  });

  it('comes before the system of Anthropic, be it absent, text or blocks with marks of the cache', () => {
    const say = (system: unknown): Told =>
      toldBy(anthropicMessagesInbound, generate, { model: 'job/reply', max_tokens: 9, system, messages: [user] });
    expect(textsOf(say(undefined))).toEqual(['system: Be kind.', 'user: Hi']);
    expect(textsOf(say('Be brief.'))).toEqual(['system: Be kind.\n\nBe brief.', 'user: Hi']);
    const marked = say([{ type: 'text', text: 'Be brief.', cache_control: { type: 'ephemeral' } }]);
    expect(textsOf(marked)).toEqual(['system: Be kind.|Be brief.', 'user: Hi']);
    expect(marked.call.messages[0]?.content).toMatchObject([{ text: 'Be kind.' }, { cache: { ttl: '5m' } }]);
  });

  it('comes before the system instruction of Gemini, in both spellings', () => {
    const contents = [{ role: 'user', parts: [{ text: 'Hi' }] }];
    const parts = [{ text: 'Be brief.' }];
    expect(textsOf(toldBy(geminiInbound, gemini, { contents }))).toEqual(['system: Be kind.', 'user: Hi']);
    for (const key of ['systemInstruction', 'system_instruction'])
      expect(textsOf(toldBy(geminiInbound, gemini, { contents, [key]: { parts } }))).toEqual([
        'system: Be kind.|Be brief.',
        'user: Hi',
      ]);
  });

  it('comes into the input of Responses, since answers repeat the instructions', () => {
    const say = (body: object): Told => toldBy(openAIResponsesInbound, generate, { model: 'job/reply', ...body });
    expect(textsOf(say({ input: 'Hi' }))).toEqual(['developer: Be kind.', 'user: Hi']);
    const both = say({ input: [user], instructions: 'Be brief.' });
    expect(textsOf(both)).toEqual(['system: Be brief.', 'developer: Be kind.', 'user: Hi']);
    expect(JSON.parse(both.bytes)).toMatchObject({ instructions: 'Be brief.' });
  });

  it('is not told twice where the issuer remembers it, nor to what generates nothing', () => {
    const known = resumedWith(openAIResponsesInbound, generate, '{"model":"job/reply","input":"Hi"}');
    const remembered = { ...known, request: { ...known.request, told: prompt.versionId } };
    expect(instructed({ inbound: openAIResponsesInbound, route: generate }, remembered)).toBe(remembered);
    const counting: RouteHints = { operation: 'count-tokens' };
    const counted = resumedWith(
      anthropicMessagesInbound,
      counting,
      '{"model":"job/reply","messages":[{"role":"user","content":"Hi"}]}',
    );
    expect(instructed({ inbound: anthropicMessagesInbound, route: counting }, counted)).toBe(counted);
  });

  it('counts as input', () => {
    expect(promptTokens(undefined)).toBe(0);
    expect(promptTokens(prompt)).toBeGreaterThan(1);
  });
});

describe('which prompt is served', () => {
  const rolled = (name: string, replaces = ''): PromptAssignment['promoted'][number] => ({
    ...promptVersionOf({ name, instructions: name }),
    replaces,
  });
  const served = (own: typeof prompt | undefined, assignment?: PromptAssignment): string | undefined =>
    promptOf({ job: 'reply', prompt: own }, 'unit', { prompt: () => assignment }).version?.versionId;

  it('is that of the settings, until another one is promoted against it', () => {
    expect(served(undefined)).toBeUndefined();
    expect(served(prompt)).toBe(prompt.versionId);
    const [first, second] = [rolled('first', prompt.versionId), rolled('second', prompt.versionId)];
    expect(served(prompt, { promoted: [first, second] })).toBe(second.versionId);
    expect(served(undefined, { promoted: [rolled('first')] })).toBe(rolled('first').versionId);
  });

  it('is that of the settings again when they say another one', () => {
    expect(served(prompt, { promoted: [rolled('old', 'tone@000000000000')] })).toBe(prompt.versionId);
    expect(served(undefined, { promoted: [rolled('old', prompt.versionId)] })).toBeUndefined();
  });

  it('is by side in a canary, and the side is told with its chance', () => {
    const side = { rolloutId: 'rol_1', kind: 'prompt', candidate: 'new', unit: 'unit', propensity: 0.25 } as const;
    const tried = (arm: 'candidate' | 'incumbent'): PromptAssignment => ({
      promoted: [],
      tried: { prompt: rolled('new', prompt.versionId), side: { ...side, arm } },
    });
    expect(served(prompt, tried('candidate'))).toBe(rolled('new').versionId);
    expect(served(prompt, tried('incumbent'))).toBe(prompt.versionId);
    const { side: drawn } = promptOf({ job: 'reply', prompt }, 'u', { prompt: () => tried('candidate') });
    expect(drawn).toMatchObject({ rolloutId: 'rol_1', arm: 'candidate', propensity: 0.25, isUnable: false });
    // The settings changed under the experiment: it is about nothing that is there any more.
    expect(promptOf({ job: 'reply', prompt: undefined }, 'u', { prompt: () => tried('candidate') })).toEqual({});
  });
});
