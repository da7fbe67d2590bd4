import { type Completion, type CompletionBlock, hasContent } from '../../../domain/calls/completion.ts';
import { Fault } from '../../../domain/faults/fault.ts';
import type { Json, JsonObject } from '../../../domain/calls/model-call.ts';
import { totalInput, totalOutput } from '../../../domain/rating/usage.ts';
import type { HostAnswer, HostCaller } from './hosts-verify-caller.ts';

/**
 * What a check found. `fail`: the host cannot be used as configured. `warn`: it works, but something is missing that
 * callers may rely on; `advice` says what to configure.
 */
export interface Finding {
  readonly outcome: 'pass' | 'warn' | 'fail' | 'skip';
  readonly detail: string;
  readonly advice?: string;
}

/** What the operator allows beyond plain calls. */
export interface CheckOptions {
  /** Send one call with a wrong key: some hosts lock out an address after too many. */
  readonly badKey: boolean;
  readonly embeddingsModel: string | undefined;
}

/** One cheap question to a host. */
export interface Check {
  readonly name: string;
  run(caller: HostCaller, options: CheckOptions): Promise<Finding>;
}

const maxTokens = 512;
const fewTokens = 16;
const unknownModel = 'switchyard-verify-no-such-model';
const wrongKey = 'sk-switchyard-verify-wrong-key';

const pass = (detail: string): Finding => ({ outcome: 'pass', detail });
const fail = (detail: string): Finding => ({ outcome: 'fail', detail });
const skip = (detail: string): Finding => ({ outcome: 'skip', detail });
const warn = (detail: string, advice?: string): Finding => ({ outcome: 'warn', detail, ...(advice && { advice }) });

const ask = (content: string, more: JsonObject = {}): JsonObject => ({
  model: 'verify',
  messages: [{ role: 'user', content }],
  max_tokens: maxTokens,
  ...more,
});

const weatherTool = {
  type: 'function',
  function: {
    name: 'get_weather',
    description: 'Weather of one city.',
    parameters: {
      type: 'object',
      properties: { city: { type: 'string' } },
      required: ['city'],
      additionalProperties: false,
    },
  },
};
const offerTool = { tools: [weatherTool], tool_choice: 'required' };
const answerSchema = {
  type: 'object',
  properties: { city: { type: 'string' }, population: { type: 'integer' } },
  required: ['city', 'population'],
  additionalProperties: false,
};

/** All checks, cheapest and most telling first. */
export const hostChecks: readonly Check[] = [
  { name: 'text', run: checkText },
  { name: 'usage', run: (caller) => checkUsage(caller, false) },
  { name: 'stream', run: checkStream },
  { name: 'stream usage', run: (caller) => checkUsage(caller, true) },
  { name: 'tools', run: (caller) => checkTools(caller, 1) },
  { name: 'parallel tools', run: (caller) => checkTools(caller, 2) },
  { name: 'tool results', run: checkToolResults },
  { name: 'structured output', run: checkSchema },
  { name: 'stop sequence', run: checkStop },
  { name: 'output limit', run: checkLimit },
  { name: 'prefill', run: checkPrefill },
  { name: 'unknown model', run: checkUnknownModel },
  { name: 'wrong key', run: checkWrongKey },
  { name: 'token count', run: checkTokenCount },
  { name: 'embeddings', run: checkEmbeddings },
];

async function checkText(caller: HostCaller): Promise<Finding> {
  const answer = await caller.generate(ask('Answer with the single word: ready'), false);
  if (Fault.is(answer)) return fail(tell(answer));
  if (!hasContent(answer.completion)) return fail('the answer has no content');
  return pass(`"${textOf(answer.completion).slice(0, 40)}", finish ${answer.completion.finish.reason}`);
}

async function checkUsage(caller: HostCaller, stream: boolean): Promise<Finding> {
  const answer = await caller.generate(ask('Answer with the single word: ready'), stream);
  if (Fault.is(answer)) return fail(tell(answer));
  const { usage } = answer.completion;
  if (!usage) return warn('the host reports no usage: costs will be estimates');
  const [input, output] = [totalInput(usage.buckets), totalOutput(usage.buckets)];
  if (usage.invalid) return warn('the reported figures contradict each other');
  return input > 0 && output > 0
    ? pass(`${input} in, ${output} out`)
    : warn(`${input} in, ${output} out: one of them cannot be right`);
}

async function checkStream(caller: HostCaller): Promise<Finding> {
  const answer = await caller.generate(ask('Count from one to twenty in words.'), true);
  if (Fault.is(answer)) return fail(tell(answer));
  if (!hasContent(answer.completion)) return fail('the stream has no content');
  const { chunks, firstContentMs } = answer;
  const detail = `${chunks} text chunks, first after ${Math.round(firstContentMs ?? 0)} ms`;
  return chunks > 1 ? pass(detail) : warn(`${detail}: something on the way holds the stream back`);
}

async function checkTools(caller: HostCaller, wanted: number): Promise<Finding> {
  const cities = wanted === 1 ? 'Paris' : 'Paris and Rome, in parallel';
  const answer = await caller.generate(ask(`Call get_weather for ${cities}.`, offerTool), false);
  if (Fault.is(answer)) return warn(tell(answer), 'capabilities: { tools: false }');
  const calls = callsOf(answer);
  const broken = calls.find(({ name, arguments: text }) => name !== 'get_weather' || !isObjectText(text));
  if (broken) return fail(`a call without valid name or arguments: ${broken.name} ${broken.arguments.slice(0, 60)}`);
  if (new Set(calls.map(({ id }) => id)).size < calls.length) return fail('two calls have the same id');
  if (calls.length === 0) return warn('the model did not call the tool', 'capabilities: { tools: false }');
  return calls.length >= wanted ? pass(`${calls.length} call(s)`) : warn(`${calls.length} call(s) of ${wanted}`);
}

async function checkToolResults(caller: HostCaller): Promise<Finding> {
  const call = {
    id: 'call_verify_1',
    type: 'function',
    function: { name: 'get_weather', arguments: '{"city":"Paris"}' },
  };
  const messages: Json = [
    { role: 'user', content: 'What is the weather in Paris?' },
    { role: 'assistant', content: null, tool_calls: [call] },
    { role: 'tool', tool_call_id: call.id, content: '21 degrees and sunny' },
  ];
  const answer = await caller.generate({ ...ask(''), messages, tools: [weatherTool] }, false);
  if (Fault.is(answer)) return warn(tell(answer), 'capabilities: { tools: false }');
  return hasContent(answer.completion)
    ? pass('continues after a tool result')
    : warn('nothing said after a tool result');
}

async function checkSchema(caller: HostCaller): Promise<Finding> {
  const format = { type: 'json_schema', json_schema: { name: 'city', strict: true, schema: answerSchema } };
  const answer = await caller.generate(ask('Describe Paris as JSON.', { response_format: format }), false);
  const advice = 'capabilities: { jsonSchema: false }';
  if (Fault.is(answer)) return warn(tell(answer), advice);
  const value = parse(textOf(answer.completion));
  const fits = typeof value === 'object' && value !== null && 'city' in value && 'population' in value;
  return fits ? pass('the answer fits the schema') : warn('the answer does not fit the schema', advice);
}

async function checkStop(caller: HostCaller): Promise<Finding> {
  const answer = await caller.generate(ask('Write the words: alpha beta gamma delta', { stop: ['gamma'] }), false);
  if (Fault.is(answer)) return warn(tell(answer));
  const text = textOf(answer.completion);
  return text.includes('gamma')
    ? warn('the stop sequence is in the answer')
    : pass(`finish ${answer.completion.finish.reason}`);
}

async function checkLimit(caller: HostCaller): Promise<Finding> {
  const answer = await caller.generate(
    { ...ask('Write the numbers from one to two hundred in words.'), max_tokens: fewTokens },
    false,
  );
  if (Fault.is(answer)) return warn(tell(answer));
  const output = totalOutput(answer.completion.usage?.buckets ?? {});
  const { reason } = answer.completion.finish;
  if (reason === 'length') return pass(`${output} tokens, finish length`);
  return warn(`finish ${reason} after ${output} tokens: a cut answer is not told from a whole one`);
}

async function checkPrefill(caller: HostCaller): Promise<Finding> {
  const messages = [
    { role: 'user', content: 'Count from one to five in words.' },
    { role: 'assistant', content: 'one two' },
  ];
  const answer = await caller.generate({ ...ask(''), messages }, false);
  const advice = 'capabilities: { assistantPrefill: false }';
  if (Fault.is(answer)) return warn(tell(answer), advice);
  const startsOver = /^\W*one\b/i.test(textOf(answer.completion));
  return startsOver ? warn('starts over instead of continuing', advice) : pass('continues a half answer');
}

async function checkUnknownModel(caller: HostCaller): Promise<Finding> {
  const answer = await caller.with({ model: unknownModel }).generate(ask('Hello'), false);
  if (!Fault.is(answer)) return warn('a model that does not exist answers');
  const isTold = answer.kind.blame === 'client' || answer.code === 'upstream_model_gone';
  return isTold ? pass(tell(answer)) : warn(`told as ${tell(answer)}`);
}

async function checkWrongKey(caller: HostCaller, { badKey }: CheckOptions): Promise<Finding> {
  if (!badKey) return skip('allow it with --bad-key');
  const { auth } = caller.endpoint.host;
  if (auth.type !== 'api-key') return skip(`the host is used with credentials of type ${auth.type}`);
  const answer = await caller.with({ apiKey: wrongKey }).generate(ask('Hello'), false);
  if (!Fault.is(answer)) return warn('a wrong key is accepted');
  return answer.code === 'upstream_auth' ? pass(tell(answer)) : warn(`told as ${tell(answer)}`);
}

async function checkTokenCount(caller: HostCaller): Promise<Finding> {
  const messages = caller.offers('count-tokens', 'anthropic-messages');
  const gemini = caller.offers('count-tokens', 'gemini');
  if (!messages && !gemini) return skip('not offered: counts are estimates');
  const answer = messages
    ? await caller.pass('count-tokens', 'anthropic-messages', { ...ask('Hello there'), max_tokens: 1 })
    : await caller.pass('count-tokens', 'gemini', { contents: [{ role: 'user', parts: [{ text: 'Hello there' }] }] });
  if (Fault.is(answer)) return warn(tell(answer), 'capabilities: { countTokens: false }');
  const tokens = answer['input_tokens'] ?? answer['totalTokens'];
  return typeof tokens === 'number' ? pass(`${tokens} tokens`) : warn('the answer holds no count');
}

async function checkEmbeddings(caller: HostCaller, { embeddingsModel }: CheckOptions): Promise<Finding> {
  if (embeddingsModel === undefined) return skip('name a model with --embeddings');
  const body = { model: embeddingsModel, input: 'Hello there' };
  const answer = await caller.with({ model: embeddingsModel }).pass('embeddings', 'openai-chat', body);
  if (Fault.is(answer)) return fail(tell(answer));
  const [first] = Array.isArray(answer['data']) ? (answer['data'] as readonly JsonObject[]) : [];
  const vector = first?.['embedding'];
  return Array.isArray(vector) ? pass(`${vector.length} dimensions`) : fail('the answer holds no vector');
}

function tell(fault: Fault): string {
  const status = fault.upstreamStatus === undefined ? '' : ` (${fault.upstreamStatus})`;
  return `${fault.code}${status}: ${fault.message}`.slice(0, 200);
}

function textOf({ blocks }: Completion): string {
  return blocks.map((block) => (block.type === 'text' ? block.text : '')).join('');
}

function callsOf({ completion }: HostAnswer): Extract<CompletionBlock, { type: 'tool-call' }>[] {
  return completion.blocks.filter((block) => block.type === 'tool-call');
}

function isObjectText(text: string): boolean {
  const value = parse(text);
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The check that asked says what is wrong with it.
    return undefined;
  }
}
