import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { postRaw } from '../fake-upstream/index.ts';
import { modelOn, raiseStage, type Stage } from './support/stage.ts';

const schema = { type: 'object' as const, properties: { id: { type: 'integer' } }, additionalProperties: true };
const prompt =
  'call:weigh {"id":1,"note":"first"}\ncall:measure {"id":2,"note":"second"}\ncall:weigh {"id":3,"note":"third"}';
const expected = [
  ['weigh', { id: 1, note: 'first' }],
  ['measure', { id: 2, note: 'second' }],
  ['weigh', { id: 3, note: 'third' }],
];
/** One more than what a double-precision number can tell from its neighbour. */
const big = '9007199254740993';

const mergers = ['no-index', 'zero-index', 'repeat-id', 'interleaved'] as const;
const nothings = ['empty-args', 'null-args', 'no-args'] as const;
const upstreams = ['openai-chat', 'openai-responses', 'anthropic-messages', 'gemini'] as const;

describe('tool calls', () => {
  let stage: Stage;
  let openai: OpenAI;
  let anthropic: Anthropic;
  beforeAll(async () => {
    const models: Record<string, object> = {};
    for (const quirk of [...mergers, ...nothings, 'no-id', 'empty-name', 'cut-args'] as const) {
      models[quirk] = modelOn(['a-openai-chat', `${quirk};tools=${quirk}`]);
    }
    models['gemini-parts'] = modelOn(['a-gemini', 'gemini-parts;tools=partial-args-open']);
    for (const dialect of upstreams) {
      models[`plain-${dialect}`] = modelOn([`a-${dialect}`, `plain-${dialect}`]);
      models[`history-${dialect}`] = modelOn([`a-${dialect}`, `history-${dialect}`]);
      models[`cut-${dialect}`] = modelOn([`a-${dialect}`, `cut-${dialect};tools=cut-args`]);
    }
    stage = await raiseStage({ models });
    openai = new OpenAI({ baseURL: `${stage.url}/v1`, apiKey: 'none', maxRetries: 0 });
    anthropic = new Anthropic({ baseURL: stage.url, apiKey: 'none', maxRetries: 0 });
  });
  afterAll(() => stage.close());

  const chatTools = ['weigh', 'measure'].map((name) => ({
    type: 'function' as const,
    function: { name, parameters: schema },
  }));
  const messageTools = ['weigh', 'measure'].map((name) => ({ name, input_schema: schema }));

  async function askMessages(model: string, content = prompt): Promise<Anthropic.Message> {
    return anthropic.messages
      .stream({ model, max_tokens: 2000, tools: messageTools, messages: [{ role: 'user', content }] })
      .finalMessage();
  }

  async function askChat(model: string, content = prompt): Promise<OpenAI.Chat.Completions.ChatCompletion.Choice> {
    const stream = openai.chat.completions.stream({ model, tools: chatTools, messages: [{ role: 'user', content }] });
    const [choice] = (await stream.finalChatCompletion()).choices;
    if (!choice) throw new Error('no choice');
    return choice;
  }

  const usesOf = (message: Anthropic.Message): unknown[] =>
    message.content.flatMap((block) => (block.type === 'tool_use' ? [[block.name, block.input]] : []));

  it.each(mergers)('[scenario 46] parallel calls are never merged: %s', async (quirk) => {
    const message = await askMessages(quirk);
    expect(usesOf(message)).toEqual(expected);
    expect(message.stop_reason).toBe('tool_use');
  });

  it.each(['no-id', 'empty-name'])(
    '[scenario 47] a continuation without id or name is no new call: %s',
    async (quirk) => {
      expect(usesOf(await askMessages(quirk))).toEqual(expected);
    },
  );

  it.each(nothings)('[scenario 48] no arguments are an empty object: %s', async (quirk) => {
    expect(usesOf(await askMessages(quirk, 'call:weigh'))).toEqual([['weigh', {}]]);
  });

  it('[scenario 49] arguments that come in parts by path are whole JSON, without a last part too', async () => {
    const { message, finish_reason: finish } = await askChat('gemini-parts');
    const calls = message.tool_calls?.map((call) =>
      call.type === 'function' ? [call.function.name, JSON.parse(call.function.arguments) as unknown] : [],
    );
    expect(calls).toEqual(expected);
    expect(finish).toBe('tool_calls');
  });

  it.each(upstreams)(
    '[scenario 50] arguments cut by the limit are passed as they are: %s upstream',
    async (dialect) => {
      const text = await chatText(`cut-${dialect}`, 'call:weigh {"id":1,"note":"a longer note"}');
      const { argumentsText, finish } = argumentsOf(text);
      expect(finish).toBe('length');
      if (dialect === 'gemini') return;
      expect(argumentsText.length).toBeGreaterThan(2);
      expect('{"id":1,"note":"a longer note"}'.startsWith(argumentsText)).toBe(true);
    },
  );

  it.each(upstreams)(
    '[scenario 6] digits of a large integer stay what they are, streamed: %s upstream',
    async (dialect) => {
      const text = await chatText(`plain-${dialect}`, `call:weigh {"id":${big}}`);
      expect(argumentsOf(text).argumentsText.replaceAll(' ', '')).toBe(`{"id":${big}}`);
    },
  );

  it.each(upstreams)('[scenario 6] and in a whole answer: %s upstream', async (dialect) => {
    const body = {
      model: `plain-${dialect}`,
      tools: chatTools,
      messages: [{ role: 'user', content: `call:weigh {"id":${big}}` }],
    };
    const answer = await postRaw(`${stage.url}/v1/chat/completions`, body);
    expect(answer.text.replaceAll(' ', '')).toContain(`{\\"id\\":${big}}`);
  });

  it.each(upstreams)(
    '[scenario 4] [scenario 6] on the way up they stay, or are named as lost: %s upstream',
    async (dialect) => {
      const call = { id: 'call_1', type: 'function', function: { name: 'weigh', arguments: `{"id":${big}}` } };
      const messages = [
        { role: 'user', content: 'Weigh it.' },
        { role: 'assistant', content: null, tool_calls: [call] },
        { role: 'tool', tool_call_id: 'call_1', content: 'done' },
      ];
      const body = { model: `history-${dialect}`, tools: chatTools, messages };
      const answer = await postRaw(`${stage.url}/v1/chat/completions`, body);
      expect(answer.status).toBe(200);
      const sent = stage.fake.stats().recent.find(({ model }) => model === `history-${dialect}`);
      const isNamed = answer.headers['x-switchyard-dropped']?.includes('/messages/1') === true;
      expect(sent?.bodyText.includes(big) === true || isNamed).toBe(true);
    },
  );

  async function chatText(model: string, content: string): Promise<string> {
    const body = { model, stream: true, tools: chatTools, messages: [{ role: 'user', content }] };
    return (await postRaw(`${stage.url}/v1/chat/completions`, body)).text;
  }
});

interface ChatChunk {
  readonly choices?: readonly {
    readonly delta?: { readonly tool_calls?: readonly { readonly function?: { readonly arguments?: string } }[] };
    readonly finish_reason?: string | null;
  }[];
}

/** The arguments of the only call of a chat stream, to the letter. */
function argumentsOf(text: string): { argumentsText: string; finish: string | undefined } {
  let argumentsText = '';
  let finish: string | undefined;
  for (const line of text.split('\n')) {
    if (!line.startsWith('data: {')) continue;
    const choice = (JSON.parse(line.slice(6)) as ChatChunk).choices?.[0];
    for (const call of choice?.delta?.tool_calls ?? []) argumentsText += call.function?.arguments ?? '';
    finish ??= choice?.finish_reason ?? undefined;
  }
  return { argumentsText, finish };
}
