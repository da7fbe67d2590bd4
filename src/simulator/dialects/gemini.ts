import type { Json, JsonObject } from '../../domain/calls/model-call.ts';
import type { Answer, AnswerCall, Frame } from '../answers/answer.ts';
import { plainFrame } from '../answers/answer.ts';
import type { Failure, FailureKind } from '../scripts/failure.ts';
import { asObject, literalJson, stringifyLiteral } from '../json.ts';
import type { RetryAdvice } from '../answers/retry-headers.ts';
import type { Script } from '../scripts/script.ts';
import { signatureOf } from '../answers/signature.ts';
import { countTokens } from '../answers/text.ts';
import type { AnswerContext, SimulatedDialect } from './dialect.ts';
import { readGeminiPrompt } from './gemini-read.ts';

const knownFields = new Set(
  `contents systemInstruction system_instruction tools toolConfig tool_config safetySettings generationConfig
  generation_config cachedContent labels model store serviceTier`.split(/\s+/),
);
const errorStatuses: { readonly [kind in FailureKind]: string } = {
  invalid: 'INVALID_ARGUMENT',
  auth: 'UNAUTHENTICATED',
  billing: 'FAILED_PRECONDITION',
  forbidden: 'PERMISSION_DENIED',
  model: 'NOT_FOUND',
  timeout: 'DEADLINE_EXCEEDED',
  'too-large': 'INVALID_ARGUMENT',
  rate: 'RESOURCE_EXHAUSTED',
  quota: 'RESOURCE_EXHAUSTED',
  context: 'INVALID_ARGUMENT',
  filter: 'INVALID_ARGUMENT',
  server: 'INTERNAL',
  overloaded: 'UNAVAILABLE',
};

/** Gemini generateContent, as Google AI and Vertex speak it. */
export const gemini: SimulatedDialect = {
  id: 'gemini',
  knownFields,
  unknownField: (name) => `Invalid JSON payload received. Unknown name "${name}": Cannot find field.`,
  readPrompt: readGeminiPrompt,
  completion,
  frames,
  errorBody,
  errorFrames: (failure) => [plainFrame('end', JSON.stringify(errorBody(failure, { headers: {} })))],
};

function errorBody(failure: Failure, advice: RetryAdvice): JsonObject {
  const details = errorDetails(failure, advice);
  const message =
    failure.kind === 'context'
      ? 'The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).'
      : failure.message;
  return {
    error: {
      code: failure.status,
      message,
      status: errorStatuses[failure.kind],
      ...(details.length > 0 && { details }),
    },
  };
}

function errorDetails(failure: Failure, advice: RetryAdvice): JsonObject[] {
  const quotaId = failure.kind === 'quota' ? 'GenerateRequestsPerDayPerProjectPerModel-FreeTier' : undefined;
  return [
    ...(quotaId === undefined
      ? []
      : [{ '@type': 'type.googleapis.com/google.rpc.QuotaFailure', violations: [{ quotaId }] }]),
    ...(advice.googleDelay === undefined
      ? []
      : [{ '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: advice.googleDelay }]),
  ];
}

function completion(context: AnswerContext): JsonObject {
  const { answer, script } = context;
  const spoken = [...answer.text, ...answer.refusal].join('');
  const parts: JsonObject[] = [
    ...(answer.reasoning.length > 0 ? [{ text: answer.reasoning.join(''), thought: true }] : []),
    ...(spoken === '' ? [] : [{ text: spoken }]),
    ...answer.calls.map((call, at) => callPart(call, at, answer)),
  ];
  return {
    candidates: [candidate(parts, finishReason(answer))],
    ...(script.usage !== 'none' && { usageMetadata: usageOf(answer, script) }),
    ...tail(answer),
  };
}

function frames(context: AnswerContext): readonly Frame[] {
  const { answer, script } = context;
  const list: Frame[] = [];
  const emit = (part: JsonObject, tokens: number): void => {
    const usageMetadata = runningUsage(answer, script);
    const data = stringifyLiteral({ candidates: [candidate([part])], ...usageMetadata, ...tail(answer) });
    list.push({ kind: 'content', data, tokens });
  };
  for (const text of answer.reasoning) emit({ text, thought: true }, countTokens(text));
  for (const text of [...answer.text, ...answer.refusal]) emit({ text }, countTokens(text));
  for (const [at, call] of answer.calls.entries()) {
    const tokens = countTokens(call.name) + countTokens(call.argumentsText);
    const isPartial = script.tools === 'partial-args' || script.tools === 'partial-args-open';
    const parts = isPartial ? partialParts(call, at, context) : [callPart(call, at, answer)];
    for (const [partAt, part] of parts.entries()) emit(part, partAt === 0 ? tokens : 0);
  }
  const usageMetadata = script.usage === 'none' ? {} : { usageMetadata: usageOf(answer, script) };
  const last = { candidates: [candidate([{ text: '' }], finishReason(answer))], ...usageMetadata, ...tail(answer) };
  return [...list, plainFrame('finish', JSON.stringify(last))];
}

function candidate(parts: readonly JsonObject[], finish?: string): JsonObject {
  return {
    content: { parts: [...parts], role: 'model' },
    ...(finish !== undefined && { finishReason: finish }),
    index: 0,
  };
}

function tail(answer: Answer): JsonObject {
  return { modelVersion: answer.model, responseId: answer.sequence };
}

function callPart(call: AnswerCall, at: number, answer: Answer): JsonObject {
  return { functionCall: { name: call.name, args: literalJson(call.argumentsText) }, ...thoughtSignature(at, answer) };
}

/** Only the first call of a step carries a signature. */
function thoughtSignature(at: number, answer: Answer): JsonObject {
  return at === 0 ? { thoughtSignature: signatureOf('gemini', answer.sequence) } : {};
}

/** Arguments given path by path; the terminal part may be missing. */
function partialParts(call: AnswerCall, at: number, context: AnswerContext): JsonObject[] {
  const values = Object.entries(asObject(parseArguments(call)));
  const open = { functionCall: { name: call.name, willContinue: true }, ...thoughtSignature(at, context.answer) };
  const steps = values.flatMap(([name, value]) => partialSteps(`$.${name}`, value));
  return [open, ...steps, ...(context.script.tools === 'partial-args-open' ? [] : [{ functionCall: {} }])];
}

function partialSteps(jsonPath: string, value: Json): JsonObject[] {
  const step = (field: JsonObject): JsonObject => ({
    functionCall: { partialArgs: [{ jsonPath, ...field }], willContinue: true },
  });
  if (typeof value === 'number') return [step({ numberValue: value })];
  if (typeof value === 'boolean') return [step({ boolValue: value })];
  if (value === null) return [step({ nullValue: 'NULL_VALUE' })];
  if (typeof value === 'string') {
    const half = Math.ceil(value.length / 2);
    return [step({ stringValue: value.slice(0, half), willContinue: true }), step({ stringValue: value.slice(half) })];
  }
  const entries = Array.isArray(value)
    ? value.map((item, at) => [`${jsonPath}[${at}]`, item as Json] as const)
    : Object.entries(value).map(([name, item]) => [`${jsonPath}.${name}`, item as Json] as const);
  return entries.flatMap(([path, item]) => partialSteps(path, item));
}

function parseArguments(call: AnswerCall): Json {
  try {
    return (JSON.parse(call.argumentsText) as Json) ?? {};
  } catch {
    return {};
  }
}

function finishReason(answer: Answer): string {
  const reasons = { stop: 'STOP', length: 'MAX_TOKENS', tools: 'STOP', refusal: 'SAFETY', filter: 'SAFETY' };
  return reasons[answer.finish];
}

function runningUsage(answer: Answer, script: Script): JsonObject {
  if (script.usage === 'none') return {};
  return { usageMetadata: { promptTokenCount: answer.usage.input, totalTokenCount: answer.usage.input } };
}

/** Thoughts are counted outside the candidates. */
function usageOf(answer: Answer, script: Script): JsonObject {
  const { usage } = answer;
  if (script.usage === 'zero') return { promptTokenCount: 0, candidatesTokenCount: 0, totalTokenCount: 0 };
  const candidates = usage.output - usage.reasoning;
  return {
    promptTokenCount: usage.input,
    ...(candidates > 0 && { candidatesTokenCount: candidates }),
    totalTokenCount: usage.input + usage.output,
    ...(usage.cacheRead > 0 && {
      cachedContentTokenCount: script.usage === 'wrong' ? usage.input + 100 : usage.cacheRead,
    }),
    promptTokensDetails: [{ modality: 'TEXT', tokenCount: usage.input }],
    ...(usage.reasoning > 0 && { thoughtsTokenCount: usage.reasoning }),
  };
}
