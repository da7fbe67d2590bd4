import OpenAI from 'openai';
import type { Asking, ClientDrive, ClientSetup, Conversation, Told, Turn } from './client-drive.ts';
import { errorFacts, parseArguments, pixelBase64 } from './client-drive.ts';

type ChatBody = OpenAI.Chat.Completions.ChatCompletionCreateParamsNonStreaming;
type ResponsesBody = OpenAI.Responses.ResponseCreateParamsNonStreaming;

const connect = (mount: string, { url, apiKey, maxRetries }: ClientSetup): OpenAI =>
  new OpenAI({ baseURL: `${url}${mount}`, apiKey, maxRetries });

const errors = {
  400: 'BadRequestError',
  429: 'RateLimitError',
  502: 'InternalServerError',
  503: 'InternalServerError',
};

function readError(error: unknown): ReturnType<ClientDrive['readError']> {
  const { className } = errorFacts(error);
  if (!(error instanceof OpenAI.APIError))
    return { className, status: undefined, message: String(error), requestId: undefined };
  return { className, status: error.status, message: error.message, requestId: error.requestID ?? undefined };
}

const others = (mount: string): Pick<ClientDrive, 'embed' | 'listModels' | 'retrieveModel'> => ({
  async embed(setup, text) {
    const { data } = await connect(mount, setup).embeddings.create({ model: setup.model, input: text });
    return data[0]?.embedding ?? [];
  },
  async listModels(setup) {
    const names: string[] = [];
    for await (const model of connect(mount, setup).models.list()) names.push(model.id);
    return names;
  },
  retrieveModel: async (setup) => (await connect(mount, setup).models.retrieve(setup.model)).id,
});

/** The `openai` package with chat completions. */
export const openaiChat: ClientDrive = {
  name: 'openai chat',
  dialect: 'openai-chat',
  mount: '/openai/v1',
  modelPrefix: 'mock',
  cannot: {},
  errors,
  readError,
  ...others('/openai/v1'),
  open(setup): Conversation {
    const client = connect('/openai/v1', setup);
    const messages: OpenAI.ChatCompletionMessageParam[] = [];
    return {
      async ask(turn, asking) {
        messages.push(...chatMessages(turn));
        const body = { model: turn.model ?? setup.model, messages, ...chatOptions(turn) };
        const completion = await (asking.stream ? streamChat(client, body, asking) : wholeChat(client, body, asking));
        const message = completion.choices[0]?.message;
        if (message) messages.push(message);
        return toldOfChat(completion);
      },
    };
  },
};

function wholeChat(client: OpenAI, body: ChatBody, { signal }: Asking): Promise<OpenAI.ChatCompletion> {
  return client.chat.completions.create(body, { signal });
}

async function streamChat(client: OpenAI, body: ChatBody, asking: Asking): Promise<OpenAI.ChatCompletion> {
  const stream = client.chat.completions.stream(
    { ...body, stream: true, stream_options: { include_usage: true } },
    { signal: asking.signal },
  );
  let reasoning = '';
  stream.on('content', (piece) => asking.onText?.(piece));
  stream.on('chunk', ({ choices }) => {
    const delta = choices[0]?.delta as { reasoning_content?: string } | undefined;
    reasoning += delta?.reasoning_content ?? '';
  });
  const completion = await stream.finalChatCompletion();
  const message = completion.choices[0]?.message;
  // The helper keeps the last piece of fields it does not know.
  if (message && reasoning !== '') Object.assign(message, { reasoning_content: reasoning });
  return completion;
}

function chatMessages({ text, image, results }: Turn): OpenAI.ChatCompletionMessageParam[] {
  const answers = (results ?? []).map(({ id, output }) => ({
    role: 'tool' as const,
    tool_call_id: id,
    content: output,
  }));
  if (text === undefined) return answers;
  if (image === undefined) return [...answers, { role: 'user', content: text }];
  const url = image instanceof URL ? image.href : `data:image/png;base64,${pixelBase64}`;
  const content = [
    { type: 'text' as const, text },
    { type: 'image_url' as const, image_url: { url } },
  ];
  return [...answers, { role: 'user', content }];
}

function chatOptions({ tools, schema, reasoning }: Turn): Partial<ChatBody> {
  return {
    ...(tools && {
      tools: tools.map(({ name, parameters }) => ({ type: 'function' as const, function: { name, parameters } })),
    }),
    ...(schema && { response_format: { type: 'json_schema', json_schema: { name: 'answer', schema, strict: true } } }),
    ...(reasoning === true && { reasoning_effort: 'medium', max_completion_tokens: 8000 }),
  };
}

const chatFinishes: { readonly [reason: string]: Told['finish'] } = {
  stop: 'stop',
  tool_calls: 'tools',
  length: 'length',
  content_filter: 'refusal',
};

function toldOfChat({ choices, usage }: OpenAI.ChatCompletion): Told {
  const choice = choices[0];
  const message = choice?.message as (OpenAI.ChatCompletionMessage & { reasoning_content?: string }) | undefined;
  const calls = (message?.tool_calls ?? []).filter((call) => call.type === 'function');
  return {
    text: message?.content ?? '',
    finish: message?.refusal ? 'refusal' : (chatFinishes[choice?.finish_reason ?? ''] ?? 'other'),
    reasoning: message?.reasoning_content ?? '',
    calls: calls.map((call) => ({
      id: call.id,
      name: call.function.name,
      arguments: parseArguments(call.function.arguments),
    })),
    tokens: { input: usage?.prompt_tokens ?? 0, output: usage?.completion_tokens ?? 0 },
  };
}

/** The `openai` package with responses. */
export const openaiResponses: ClientDrive = {
  name: 'openai responses',
  dialect: 'openai-responses',
  mount: '/v1',
  modelPrefix: 'mock',
  cannot: {},
  errors,
  readError,
  ...others('/v1'),
  open(setup): Conversation {
    const client = connect('/v1', setup);
    const input: OpenAI.Responses.ResponseInput = [];
    return {
      async ask(turn, asking) {
        input.push(...responsesItems(turn));
        const body: ResponsesBody = { model: turn.model ?? setup.model, input, ...responsesOptions(turn) };
        const response = await (asking.stream
          ? streamResponses(client, body, asking)
          : client.responses.create(body, { signal: asking.signal }));
        input.push(...(response.output as OpenAI.Responses.ResponseInputItem[]));
        return toldOfResponse(response);
      },
    };
  },
};

async function streamResponses(
  client: OpenAI,
  body: ResponsesBody,
  asking: Asking,
): Promise<OpenAI.Responses.Response> {
  const stream = client.responses.stream({ ...body, stream: true }, { signal: asking.signal });
  stream.on('response.output_text.delta', ({ delta }) => asking.onText?.(delta));
  return stream.finalResponse();
}

function responsesItems({ text, image, results }: Turn): OpenAI.Responses.ResponseInput {
  const answers = (results ?? []).map(({ id, output }) => ({
    type: 'function_call_output' as const,
    call_id: id,
    output,
  }));
  if (text === undefined) return answers;
  if (image === undefined) return [...answers, { role: 'user', content: text }];
  const url = image instanceof URL ? image.href : `data:image/png;base64,${pixelBase64}`;
  const content = [
    { type: 'input_text' as const, text },
    { type: 'input_image' as const, image_url: url, detail: 'auto' as const },
  ];
  return [...answers, { role: 'user', content }];
}

function responsesOptions({ tools, schema, reasoning }: Turn): Partial<ResponsesBody> {
  return {
    ...(tools && {
      tools: tools.map(({ name, parameters }) => ({ type: 'function' as const, name, parameters, strict: false })),
    }),
    ...(schema && { text: { format: { type: 'json_schema', name: 'answer', schema, strict: true } } }),
    ...(reasoning === true && {
      reasoning: { effort: 'medium', summary: 'auto' },
      include: ['reasoning.encrypted_content'],
      max_output_tokens: 8000,
    }),
  };
}

function toldOfResponse(response: OpenAI.Responses.Response): Told {
  const calls = response.output.filter((item) => item.type === 'function_call');
  const thoughts = response.output.filter((item) => item.type === 'reasoning');
  const summaries = thoughts.flatMap(({ summary, content }) => [...summary, ...(content ?? [])]);
  const refused = response.output.some(
    (item) => item.type === 'message' && item.content.some((part) => part.type === 'refusal'),
  );
  return {
    text: response.output_text,
    finish: refused ? 'refusal' : finishOfResponse(response, calls.length),
    reasoning: summaries.map(({ text }) => text).join(''),
    calls: calls.map((call) => ({ id: call.call_id, name: call.name, arguments: parseArguments(call.arguments) })),
    tokens: { input: response.usage?.input_tokens ?? 0, output: response.usage?.output_tokens ?? 0 },
  };
}

function finishOfResponse(response: OpenAI.Responses.Response, calls: number): Told['finish'] {
  if (response.status === 'incomplete') {
    return response.incomplete_details?.reason === 'max_output_tokens' ? 'length' : 'refusal';
  }
  return calls > 0 ? 'tools' : 'stop';
}
