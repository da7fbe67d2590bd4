import { createAnthropic } from '@ai-sdk/anthropic';
import { createGoogleGenerativeAI } from '@ai-sdk/google';
import { createOpenAI } from '@ai-sdk/openai';
import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import type { EmbeddingModel, LanguageModel, ModelMessage } from 'ai';
import { APICallError, embed, generateText, jsonSchema, Output, RetryError, streamText, tool } from 'ai';
import type { Asking, ClientDrive, ClientSetup, Conversation, Told, Turn } from './client-drive.ts';
import { errorFacts, pixelBase64 } from './client-drive.ts';

type CallSettings = Parameters<typeof generateText>[0];
type ProviderOptions = NonNullable<CallSettings['providerOptions']>;

/** What sets one provider package apart. */
interface AiProvider extends Pick<ClientDrive, 'name' | 'dialect' | 'mount' | 'modelPrefix'> {
  /** Settings of every call. */
  readonly options?: ProviderOptions;
  /** Settings of calls that ask for reasoning. */
  readonly reasoning: ProviderOptions;
  readonly cannot?: ClientDrive['cannot'];
  model(baseURL: string, setup: ClientSetup): LanguageModel;
  embedding?(baseURL: string, setup: ClientSetup): EmbeddingModel;
}

const providers: readonly AiProvider[] = [
  {
    name: 'ai with @ai-sdk/openai-compatible',
    dialect: 'openai-chat',
    mount: '/v1',
    modelPrefix: 'mock',
    reasoning: { switchyard: { reasoningEffort: 'medium' } },
    cannot: { signatures: 'it hands back the text of the reasoning without its signature' },
    model: (baseURL, { apiKey, model }) =>
      createOpenAICompatible({
        name: 'switchyard',
        baseURL,
        apiKey,
        includeUsage: true,
        supportsStructuredOutputs: true,
      })(model),
    embedding: (baseURL, { apiKey, model }) =>
      createOpenAICompatible({ name: 'switchyard', baseURL, apiKey }).embeddingModel(model),
  },
  {
    name: 'ai with @ai-sdk/openai (chat)',
    dialect: 'openai-chat',
    mount: '/openai/v1',
    modelPrefix: 'mock',
    reasoning: { openai: { reasoningEffort: 'medium', forceReasoning: true } },
    cannot: {
      reasoning: 'its chat model reads no reasoning at all',
      signatures: 'its chat model reads no reasoning at all',
    },
    model: (baseURL, { apiKey, model }) => createOpenAI({ baseURL, apiKey }).chat(model),
    embedding: (baseURL, { apiKey, model }) => createOpenAI({ baseURL, apiKey }).embeddingModel(model),
  },
  {
    name: 'ai with @ai-sdk/openai (responses)',
    dialect: 'openai-responses',
    mount: '/openai/v1',
    modelPrefix: 'mock',
    // With the default the history names earlier items by their id instead of repeating them.
    options: { openai: { store: false } },
    reasoning: {
      openai: {
        reasoningEffort: 'medium',
        reasoningSummary: 'auto',
        forceReasoning: true,
        store: false,
        include: ['reasoning.encrypted_content'],
      },
    },
    model: (baseURL, { apiKey, model }) => createOpenAI({ baseURL, apiKey })(model),
  },
  {
    name: 'ai with @ai-sdk/anthropic',
    dialect: 'anthropic-messages',
    mount: '/anthropic/v1',
    modelPrefix: 'claude-sonnet-4-5',
    reasoning: { anthropic: { thinking: { type: 'enabled', budgetTokens: 1024 } } },
    model: (baseURL, { apiKey, model }) => createAnthropic({ baseURL, apiKey })(model),
  },
  {
    name: 'ai with @ai-sdk/google',
    dialect: 'gemini',
    mount: '/v1beta',
    modelPrefix: 'gemini-3-mock',
    reasoning: { google: { thinkingConfig: { includeThoughts: true } } },
    cannot: { 'streamed-signatures': 'it skips a signature that comes after the text of its thought' },
    model: (baseURL, { apiKey, model }) => createGoogleGenerativeAI({ baseURL, apiKey })(model),
  },
];

/** The `ai` package, once for each provider package. */
export const aiSdkDrives: readonly ClientDrive[] = providers.map((provider): ClientDrive => {
  const { name, dialect, mount, modelPrefix, embedding } = provider;
  return {
    name,
    dialect,
    mount,
    modelPrefix,
    cannot: { 'should-retry': 'it retries by status and reads no such header', ...provider.cannot },
    errors: { 400: 'AI_APICallError', 429: 'AI_APICallError', 502: 'AI_APICallError', 503: 'AI_APICallError' },
    open: (setup) => openConversation(provider, setup),
    readError,
    ...(embedding && {
      async embed(setup: ClientSetup, value: string) {
        const model = embedding(`${setup.url}${mount}`, setup);
        return (await embed({ model, value, maxRetries: setup.maxRetries })).embedding;
      },
    }),
  };
});

function openConversation(provider: AiProvider, setup: ClientSetup): Conversation {
  const messages: ModelMessage[] = [];
  return {
    async ask(turn, asking) {
      messages.push(...messagesOf(turn));
      const settings = {
        model: provider.model(`${setup.url}${provider.mount}`, { ...setup, model: turn.model ?? setup.model }),
        messages,
        maxRetries: setup.maxRetries,
        // Addresses of images are handed on, not fetched by the client.
        experimental_download: (images: readonly unknown[]) => Promise.resolve(images.map(() => null)),
        providerOptions: turn.reasoning === true ? provider.reasoning : (provider.options ?? {}),
        ...(turn.tools && { tools: toolsOf(turn.tools) }),
        ...(turn.schema && { output: Output.object({ schema: jsonSchema(turn.schema as object) }) }),
        ...(turn.reasoning === true && { maxOutputTokens: 8000 }),
        ...(asking.signal && { abortSignal: asking.signal }),
      };
      const result = asking.stream ? await streamed(settings, asking) : await generateText(settings);
      messages.push(...result.response.messages);
      return told(result);
    },
  };
}

type Result = Pick<
  Awaited<ReturnType<typeof generateText>>,
  'text' | 'finishReason' | 'reasoningText' | 'toolCalls' | 'totalUsage'
> & { readonly response: { readonly messages: readonly ModelMessage[] } };

async function streamed(settings: CallSettings, asking: Asking): Promise<Result> {
  const result = streamText({ ...settings, onError: () => undefined });
  for await (const part of result.fullStream) {
    if (part.type === 'text-delta') asking.onText?.(part.text);
    if (part.type === 'error') throw part.error;
    if (part.type === 'abort') throw new DOMException('aborted', 'AbortError');
  }
  const [text, finishReason, reasoningText, toolCalls, totalUsage, response] = await Promise.all([
    result.text,
    result.finishReason,
    result.reasoningText,
    result.toolCalls,
    result.totalUsage,
    result.response,
  ]);
  return { text, finishReason, reasoningText, toolCalls, totalUsage, response };
}

function toolsOf(tools: NonNullable<Turn['tools']>): NonNullable<CallSettings['tools']> {
  return Object.fromEntries(
    tools.map(({ name, parameters }) => [name, tool({ inputSchema: jsonSchema(parameters as object) })]),
  );
}

function messagesOf({ text, image, results }: Turn): ModelMessage[] {
  const messages: ModelMessage[] = [];
  if (results !== undefined && results.length > 0) {
    const content = results.map(({ id, name, output }) => ({
      type: 'tool-result' as const,
      toolCallId: id,
      toolName: name,
      output: { type: 'text' as const, value: output },
    }));
    messages.push({ role: 'tool', content });
  }
  if (text === undefined) return messages;
  const picture = image instanceof URL ? image : Buffer.from(pixelBase64, 'base64');
  const media = image === undefined ? [] : [{ type: 'image' as const, image: picture, mediaType: 'image/png' }];
  messages.push({ role: 'user', content: [{ type: 'text', text }, ...media] });
  return messages;
}

const finishes: { readonly [reason: string]: Told['finish'] } = {
  stop: 'stop',
  'tool-calls': 'tools',
  length: 'length',
  'content-filter': 'refusal',
};

function told({ text, finishReason, reasoningText, toolCalls, totalUsage }: Result): Told {
  return {
    text,
    finish: finishes[finishReason] ?? 'other',
    reasoning: reasoningText ?? '',
    calls: toolCalls.map(({ toolCallId, toolName, input }) => ({ id: toolCallId, name: toolName, arguments: input })),
    tokens: { input: totalUsage.inputTokens ?? 0, output: totalUsage.outputTokens ?? 0 },
  };
}

function readError(error: unknown): ReturnType<ClientDrive['readError']> {
  const cause = RetryError.isInstance(error) ? error.lastError : error;
  if (!APICallError.isInstance(cause)) {
    const { className } = errorFacts(cause);
    return { className, status: undefined, message: String(cause), requestId: undefined };
  }
  return {
    className: cause.name,
    status: cause.statusCode,
    message: cause.message,
    requestId: cause.responseHeaders?.['x-switchyard-request-id'],
  };
}
