import type { AIMessage, BaseMessage } from '@langchain/core/messages';
import { AIMessageChunk, HumanMessage, ToolMessage } from '@langchain/core/messages';
import { ChatOpenAI, OpenAIEmbeddings } from '@langchain/openai';
import type { Asking, ClientDrive, ClientSetup, Conversation, Told, Turn } from './client-drive.ts';
import { errorFacts, pixelBase64 } from './client-drive.ts';

const connect = ({ url, apiKey, model, maxRetries }: ClientSetup, mount: string): ChatOpenAI =>
  new ChatOpenAI({ model, apiKey, maxRetries, configuration: { baseURL: `${url}${mount}` } });

/** `ChatOpenAI` of `@langchain/openai`. */
export const langchain: ClientDrive = {
  name: '@langchain/openai',
  dialect: 'openai-chat',
  mount: '/v1',
  modelPrefix: 'mock',
  cannot: {
    signatures: 'it hands back neither reasoning nor fields that it does not know',
    'retry-after': 'its retries wait by a backoff of their own and read no header',
    'should-retry': 'it retries by status and reads no header',
  },
  errors: { 400: 'BadRequestError', 429: 'RateLimitError', 502: 'InternalServerError', 503: 'InternalServerError' },
  open(setup): Conversation {
    const messages: BaseMessage[] = [];
    return {
      async ask(turn, asking) {
        messages.push(...messagesOf(turn));
        const chat = connect({ ...setup, model: turn.model ?? setup.model }, '/v1');
        const options = { ...optionsOf(turn), ...(asking.signal && { signal: asking.signal }) };
        const answer = asking.stream
          ? await streamed(chat, messages, { options, asking })
          : await chat.invoke(messages, options);
        messages.push(answer);
        return told(answer);
      },
    };
  },
  readError(error) {
    const { className, fields } = errorFacts(error);
    const { status, message, requestID } = fields;
    return {
      className,
      status: typeof status === 'number' ? status : undefined,
      message: String(message),
      requestId: typeof requestID === 'string' ? requestID : undefined,
    };
  },
  async embed({ url, apiKey, model, maxRetries }, text) {
    const embeddings = new OpenAIEmbeddings({ model, apiKey, maxRetries, configuration: { baseURL: `${url}/v1` } });
    return embeddings.embedQuery(text);
  },
};

type CallOptions = NonNullable<Parameters<ChatOpenAI['invoke']>[1]>;

async function streamed(
  chat: ChatOpenAI,
  messages: readonly BaseMessage[],
  { options, asking }: { options: CallOptions; asking: Asking },
): Promise<AIMessage> {
  let whole: AIMessageChunk | undefined;
  for await (const chunk of await chat.stream([...messages], options)) {
    whole = whole === undefined ? chunk : whole.concat(chunk);
    if (chunk.text !== '') asking.onText?.(chunk.text);
  }
  return whole ?? new AIMessageChunk('');
}

function messagesOf({ text, image, results }: Turn): BaseMessage[] {
  const answers = (results ?? []).map(
    ({ id, name, output }) => new ToolMessage({ content: output, tool_call_id: id, name }),
  );
  if (text === undefined) return answers;
  const url = image instanceof URL ? image.href : `data:image/png;base64,${pixelBase64}`;
  const content =
    image === undefined
      ? text
      : [
          { type: 'text', text },
          { type: 'image_url', image_url: { url } },
        ];
  return [...answers, new HumanMessage({ content })];
}

function optionsOf({ tools, schema, reasoning }: Turn): CallOptions {
  return {
    ...(tools && {
      tools: tools.map(({ name, parameters }) => ({ type: 'function' as const, function: { name, parameters } })),
    }),
    ...(schema && {
      response_format: { type: 'json_schema' as const, json_schema: { name: 'answer', schema, strict: true } },
    }),
    ...(reasoning === true && { reasoning: { effort: 'medium' as const } }),
  };
}

const finishes: { readonly [reason: string]: Told['finish'] } = {
  stop: 'stop',
  tool_calls: 'tools',
  length: 'length',
  content_filter: 'refusal',
};

function told(answer: AIMessage): Told {
  const { finish_reason: reason } = answer.response_metadata as { finish_reason?: string };
  const { reasoning_content: reasoning, refusal } = answer.additional_kwargs;
  return {
    text: answer.text,
    finish: refusal ? 'refusal' : (finishes[reason ?? ''] ?? 'other'),
    reasoning: typeof reasoning === 'string' ? reasoning : '',
    calls: (answer.tool_calls ?? []).map(({ id = '', name, args }) => ({ id, name, arguments: args })),
    tokens: { input: answer.usage_metadata?.input_tokens ?? 0, output: answer.usage_metadata?.output_tokens ?? 0 },
  };
}
