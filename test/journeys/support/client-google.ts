import type {
  Content,
  GenerateContentConfig,
  GenerateContentParameters,
  GenerateContentResponse,
  Part,
} from '@google/genai';
import { ApiError, GoogleGenAI } from '@google/genai';
import type { Asking, ClientDrive, ClientSetup, Conversation, Told, Turn } from './client-drive.ts';
import { errorFacts, pixelBase64 } from './client-drive.ts';

const connect = ({ url, apiKey, maxRetries }: ClientSetup): GoogleGenAI =>
  new GoogleGenAI({
    apiKey,
    httpOptions: { baseUrl: `${url}/genai`, retryOptions: { attempts: maxRetries + 1 } },
  });

/** The `@google/genai` package. */
export const googleGenai: ClientDrive = {
  name: '@google/genai',
  dialect: 'gemini',
  mount: '/genai',
  modelPrefix: 'gemini-3-mock',
  cannot: {
    'retry-after': 'its retries wait by a backoff of their own and read no header',
    'should-retry': 'it reads no header but the status',
    'request-id': 'its ApiError keeps status and message only',
  },
  errors: { 400: 'ApiError', 429: 'ApiError', 502: 'ApiError', 503: 'ApiError' },
  open(setup): Conversation {
    const client = connect(setup);
    const contents: Content[] = [];
    return {
      async ask(turn, asking) {
        contents.push({ role: 'user', parts: partsOf(turn) });
        const config = { ...configOf(turn), ...(asking.signal && { abortSignal: asking.signal }) };
        const request = { model: turn.model ?? setup.model, contents, config };
        const responses = asking.stream
          ? await streamed(client, request, asking)
          : [await client.models.generateContent(request)];
        const parts = responses.flatMap((one) => one.candidates?.[0]?.content?.parts ?? []);
        contents.push({ role: 'model', parts });
        return told(parts, responses);
      },
    };
  },
  readError(error) {
    const { className } = errorFacts(error);
    const status = error instanceof ApiError ? error.status : undefined;
    return { className, status, message: error instanceof Error ? error.message : String(error), requestId: undefined };
  },
  async embed(setup, text) {
    const { embeddings } = await connect(setup).models.embedContent({ model: setup.model, contents: text });
    return embeddings?.[0]?.values ?? [];
  },
  async countTokens(setup, text) {
    return (await connect(setup).models.countTokens({ model: setup.model, contents: text })).totalTokens ?? 0;
  },
  async listModels(setup) {
    const names: string[] = [];
    for await (const model of await connect(setup).models.list()) names.push((model.name ?? '').replace('models/', ''));
    return names;
  },
  retrieveModel: async (setup) =>
    ((await connect(setup).models.get({ model: setup.model })).name ?? '').replace('models/', ''),
};

async function streamed(
  client: GoogleGenAI,
  request: GenerateContentParameters,
  asking: Asking,
): Promise<GenerateContentResponse[]> {
  const responses: GenerateContentResponse[] = [];
  for await (const one of await client.models.generateContentStream(request)) {
    responses.push(one);
    const text = one.candidates?.[0]?.content?.parts?.map(spoken).join('');
    if (text) asking.onText?.(text);
  }
  return responses;
}

function partsOf({ text, image, results }: Turn): Part[] {
  const parts: Part[] = (results ?? []).map(({ id, name, output }) => ({
    functionResponse: { ...(id !== '' && { id }), name, response: { output } },
  }));
  if (text !== undefined) parts.push({ text });
  if (image === 'inline') parts.push({ inlineData: { mimeType: 'image/png', data: pixelBase64 } });
  if (image instanceof URL) parts.push({ fileData: { mimeType: 'image/png', fileUri: image.href } });
  return parts;
}

function configOf({ tools, schema, reasoning }: Turn): GenerateContentConfig {
  return {
    ...(tools && {
      tools: [
        { functionDeclarations: tools.map(({ name, parameters }) => ({ name, parametersJsonSchema: parameters })) },
      ],
    }),
    ...(schema && { responseMimeType: 'application/json', responseJsonSchema: schema }),
    ...(reasoning === true && {
      thinkingConfig: { includeThoughts: true, thinkingBudget: 2048 },
      maxOutputTokens: 8000,
    }),
  };
}

const spoken = (part: Part): string => (part.thought === true ? '' : (part.text ?? ''));

const finishes: { readonly [reason: string]: Told['finish'] } = {
  STOP: 'stop',
  MAX_TOKENS: 'length',
  SAFETY: 'refusal',
};

function told(parts: readonly Part[], responses: readonly GenerateContentResponse[]): Told {
  const last = responses.at(-1);
  const calls = parts.flatMap(({ functionCall }) => functionCall ?? []);
  const reason = last?.candidates?.[0]?.finishReason ?? '';
  const usage = last?.usageMetadata;
  return {
    text: parts.map(spoken).join(''),
    finish: calls.length > 0 && reason === 'STOP' ? 'tools' : (finishes[reason] ?? 'other'),
    reasoning: parts.map((part) => (part.thought === true ? (part.text ?? '') : '')).join(''),
    // Gemini itself may give no ids: answers are told apart by their order.
    calls: calls.map(({ id = '', name = '', args }) => ({ id, name, arguments: args ?? {} })),
    tokens: {
      input: usage?.promptTokenCount ?? 0,
      output: (usage?.candidatesTokenCount ?? 0) + (usage?.thoughtsTokenCount ?? 0),
    },
  };
}
