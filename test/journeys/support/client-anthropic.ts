import Anthropic from '@anthropic-ai/sdk';
import type { Asking, ClientDrive, ClientSetup, Conversation, Told, Turn } from './client-drive.ts';
import { errorFacts, pixelBase64 } from './client-drive.ts';

type Body = Anthropic.MessageCreateParamsNonStreaming;

const connect = ({ url, apiKey, maxRetries }: ClientSetup): Anthropic =>
  new Anthropic({ baseURL: `${url}/anthropic`, apiKey, maxRetries });

/** The `@anthropic-ai/sdk` package. */
export const anthropic: ClientDrive = {
  name: '@anthropic-ai/sdk',
  dialect: 'anthropic-messages',
  mount: '/anthropic',
  modelPrefix: 'claude-sonnet-4-5',
  cannot: {},
  errors: { 400: 'BadRequestError', 429: 'RateLimitError', 502: 'InternalServerError', 503: 'ServiceUnavailableError' },
  open(setup): Conversation {
    const client = connect(setup);
    const messages: Anthropic.MessageParam[] = [];
    return {
      async ask(turn, asking) {
        messages.push({ role: 'user', content: contentOf(turn) });
        const body: Body = { model: turn.model ?? setup.model, max_tokens: 4096, messages, ...optionsOf(turn) };
        const message = await (asking.stream
          ? streamed(client, body, asking)
          : client.messages.create(body, { signal: asking.signal }));
        messages.push({ role: 'assistant', content: message.content });
        return told(message);
      },
    };
  },
  readError(error) {
    const { className } = errorFacts(error);
    if (!(error instanceof Anthropic.APIError)) {
      return { className, status: undefined, message: String(error), requestId: undefined };
    }
    return { className, status: error.status, message: error.message, requestId: error.requestID ?? undefined };
  },
  async countTokens(setup, text) {
    const counted = await connect(setup).messages.countTokens({
      model: setup.model,
      messages: [{ role: 'user', content: text }],
    });
    return counted.input_tokens;
  },
  async listModels(setup) {
    const names: string[] = [];
    for await (const model of connect(setup).models.list()) names.push(model.id);
    return names;
  },
  retrieveModel: async (setup) => (await connect(setup).models.retrieve(setup.model)).id,
};

function streamed(client: Anthropic, body: Body, asking: Asking): Promise<Anthropic.Message> {
  const stream = client.messages.stream(body, { signal: asking.signal });
  stream.on('text', (piece) => asking.onText?.(piece));
  return stream.finalMessage();
}

function contentOf({ text, image, results }: Turn): Anthropic.ContentBlockParam[] {
  const content: Anthropic.ContentBlockParam[] = (results ?? []).map(({ id, output }) => ({
    type: 'tool_result',
    tool_use_id: id,
    content: output,
  }));
  if (text !== undefined) content.push({ type: 'text', text });
  if (image instanceof URL) content.push({ type: 'image', source: { type: 'url', url: image.href } });
  if (image === 'inline') {
    content.push({ type: 'image', source: { type: 'base64', media_type: 'image/png', data: pixelBase64 } });
  }
  return content;
}

function optionsOf({ tools, schema, reasoning }: Turn): Partial<Body> {
  return {
    ...(tools && { tools: tools.map(({ name, parameters }) => ({ name, input_schema: parameters })) }),
    ...(schema && { output_config: { format: { type: 'json_schema', schema } } }),
    ...(reasoning === true && { thinking: { type: 'enabled', budget_tokens: 1024 } }),
  };
}

const finishes: { readonly [reason: string]: Told['finish'] } = {
  end_turn: 'stop',
  stop_sequence: 'stop',
  tool_use: 'tools',
  max_tokens: 'length',
  refusal: 'refusal',
};

function told({ content, stop_reason: reason, usage }: Anthropic.Message): Told {
  const calls = content.filter((block) => block.type === 'tool_use');
  return {
    text: content.map((block) => (block.type === 'text' ? block.text : '')).join(''),
    finish: finishes[reason ?? ''] ?? 'other',
    reasoning: content.map((block) => (block.type === 'thinking' ? block.thinking : '')).join(''),
    calls: calls.map(({ id, name, input }) => ({ id, name, arguments: input })),
    tokens: { input: usage.input_tokens, output: usage.output_tokens },
  };
}
