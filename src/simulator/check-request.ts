import type { SimulatedDialect } from './dialects/dialect.ts';
import type { SimulatedExchange } from './exchange.ts';
import type { Failure } from './scripts/failure.ts';
import { failureNamed, invalidRequest } from './scripts/failure.ts';
import type { Prompt } from './answers/prompt.ts';
import { prefillOf } from './answers/prompt.ts';
import type { Script } from './scripts/script.ts';

/** What a server refuses before it reads the conversation: credentials, scripted failures, unknown models and fields. */
export function checkRequest(
  exchange: SimulatedExchange,
  context: { readonly dialect: SimulatedDialect; readonly script: Script; readonly model: string },
): Failure | undefined {
  const { script, model, dialect } = context;
  if (!hasCredentials(exchange)) return failureNamed('401');
  if (script.fail !== undefined) return failureNamed(script.fail);
  if (!exchange.isJson) return invalidRequest('We could not parse the JSON body of your request.');
  const { models } = exchange.state.options;
  if (model === '') return invalidRequest('you must provide a model parameter', 'model');
  if (models !== undefined && !models.includes(model) && !models.includes(`sim/${model}`)) return unknownModel(model);
  if (script.strict !== true) return undefined;
  const stranger = Object.keys(exchange.body).find((name) => !dialect.knownFields.has(name));
  return stranger === undefined ? undefined : invalidRequest(dialect.unknownField(stranger), stranger);
}

/** What the scripted model refuses once the conversation is read. */
export function checkPrompt(prompt: Prompt, script: Script): Failure | undefined {
  if (script.schema === 'reject' && prompt.schema !== undefined) {
    return invalidRequest(
      "Invalid parameter: 'response_format' of type 'json_schema' is not supported.",
      'response_format',
    );
  }
  if (script.prefill === 'reject' && prefillOf(prompt) !== undefined) {
    return invalidRequest('The conversation must end with a user message.', 'messages');
  }
  return undefined;
}

/** Whether the demanded key came in any of the headers that carry keys. */
export function hasCredentials(exchange: SimulatedExchange): boolean {
  const { apiKey } = exchange.state.options;
  if (apiKey === undefined) return true;
  const { headers } = exchange.request;
  const given = [
    headers.authorization?.replace(/^Bearer /i, ''),
    headers['x-api-key'],
    headers['x-goog-api-key'],
    headers['api-key'],
    exchange.query.get('key'),
  ];
  return given.includes(apiKey);
}

function unknownModel(model: string): Failure {
  return { ...failureNamed('404'), message: `The model \`${model}\` does not exist or you do not have access to it.` };
}
