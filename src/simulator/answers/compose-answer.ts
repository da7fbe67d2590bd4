import type { Answer, AnswerCall, AnswerUsage } from './answer.ts';
import type { CacheCount } from './prefix-cache.ts';
import { findSimulatedModel } from './models.ts';
import type { Prompt, PromptTool, SimulatedDialectId } from './prompt.ts';
import { lastUserText, prefillOf } from './prompt.ts';
import { asksForBuild, simulatedApp } from './simulated-app.ts';
import { instanceOf } from './schema-instance.ts';
import type { Script } from '../scripts/script.ts';
import { countPieces, countTokens, fillText, hugePieces, limitPieces, numberedWords, splitText } from './text.ts';

/** What an answer needs beside the prompt and the script. */
export interface AnswerSource {
  readonly sequence: string;
  readonly createdS: number;
  readonly cache: CacheCount;
  sign(text: string): string;
}

const quotedCharacters = 240;
/** Of a message that is repeated, a program with what is said about it. */
const echoedCharacters = 4000;
const callIdPrefixes: { readonly [dialect in SimulatedDialectId]: string } = {
  'openai-chat': 'call_',
  'openai-responses': 'call_',
  'openai-completions': 'call_',
  'anthropic-messages': 'toolu_',
  'bedrock-converse': 'tooluse_',
  gemini: 'fc_',
};

/** Decides what the simulated model says; a pure function of its arguments. */
export function composeAnswer(prompt: Prompt, script: Script, source: AnswerSource): Answer {
  const reasoning = composeReasoning(prompt, script);
  const wantedCalls = script.empty === true ? [] : composeCalls(prompt, script, source.sequence);
  const refused = script.refuse !== undefined;
  const wantedText = refused || wantedCalls.length === 0 ? composeText(prompt, script) : [];
  const text = refused ? wantedText.slice(0, script.refuse) : wantedText;
  const room = prompt.maxTokens === undefined ? Infinity : Math.max(0, prompt.maxTokens - countPieces(reasoning));
  const shortText = limitPieces(text, room);
  const calls = script.tools === 'cut-args' ? cutArguments(wantedCalls) : wantedCalls;
  const refusal = refused ? splitText('I cannot help with that (simulated refusal).') : [];
  const isShort = shortText.length < text.length || script.tools === 'cut-args';
  return {
    sequence: source.sequence,
    model: prompt.model,
    createdS: source.createdS,
    reasoning,
    signature: source.sign(reasoning.join('')),
    text: shortText,
    refusal,
    calls,
    finish: finishOf({ script, isShort, calls }),
    usage: countUsage(prompt, source.cache, { reasoning, spoken: [...shortText, ...refusal], calls }),
  };
}

/** Input tokens of a prompt, as the usage of its answer and the count routes report them. */
export function countPrompt(prompt: Prompt): number {
  return Math.max(
    1,
    prompt.turns.reduce((sum, turn) => sum + countTokens(turn.text), 0),
  );
}

function finishOf(state: { script: Script; isShort: boolean; calls: readonly AnswerCall[] }): Answer['finish'] {
  if (state.script.refuse !== undefined) return 'refusal';
  if (state.script.filter === true) return 'filter';
  if (state.isShort) return 'length';
  return state.calls.length > 0 ? 'tools' : 'stop';
}

function composeReasoning(prompt: Prompt, script: Script): readonly string[] {
  if (script.empty === true) return [];
  if (script.reasoning !== undefined) return Array.from({ length: script.reasoning }, (_, at) => `thought ${at + 1}. `);
  return prompt.reasoning ? ['Simulated ', 'thinking. '] : [];
}

function composeText(prompt: Prompt, script: Script): readonly string[] {
  if (script.empty === true) return [];
  if (script.huge !== undefined) return hugePieces(script.huge);
  const full = wantedReply(prompt, script);
  const prefill = prefillOf(prompt)?.trimEnd();
  const continues = script.prefill === 'accept' || (prompt.continuesPrefill && script.prefill !== 'reject');
  const text = continues && prefill !== undefined && full.startsWith(prefill) ? full.slice(prefill.length) : full;
  if (script.stamp === true) return Array.from({ length: script.chunks ?? 20 }, () => stampPlaceholder);
  return splitText(text, script.reply === undefined && script.length === undefined ? undefined : script.chunks);
}

/** Replaced by the delivery with the time of sending; as long as epoch milliseconds with a space. */
export const stampPlaceholder = '@@@@@@@@@@@@@ ';

function wantedReply(prompt: Prompt, script: Script): string {
  if (script.reply !== undefined) return script.reply;
  const asked = askedReply(prompt);
  if (asked !== undefined) return asked;
  if (prompt.schema !== undefined && script.schema !== 'ignore') {
    return JSON.stringify(script.schema === 'invalid' ? { unexpected: 'simulated' } : instanceOf(prompt.schema));
  }
  if (prompt.jsonMode && script.schema !== 'ignore') return '{"simulated":true}';
  if (script.length !== undefined) return fillText(script.length);
  if (script.chunks !== undefined) return numberedWords(script.chunks).join('');
  return defaultReply(prompt);
}

/** Text after `reply:` in the last user turn. The product's own models do not obey: their answers stay labelled. */
function askedReply(prompt: Prompt): string | undefined {
  if (findSimulatedModel(prompt.model) !== undefined) return undefined;
  const match = /reply:[ ]*("(?:[^"\\]|\\.)*"|[^\n]*)/.exec(lastUserText(prompt));
  const asked = match?.[1];
  if (asked === undefined || !asked.startsWith('"')) return asked;
  try {
    return String(JSON.parse(asked));
  } catch {
    return asked;
  }
}

function defaultReply(prompt: Prompt): string {
  if (asksForBuild(prompt)) return simulatedApp(prompt);
  const known = findSimulatedModel(prompt.model);
  const label = known === undefined ? `[simulated ${prompt.model}]` : `[simulated ${known.name}]`;
  const last = prompt.turns.at(-1);
  if (last?.role === 'tool') return `${label} The tool returned: ${last.text.slice(0, quotedCharacters)}`;
  const asked = lastUserText(prompt);
  if (known?.name === 'sim/echo') return `${label} ${asked.slice(0, echoedCharacters)}`;
  const said = asked.slice(0, quotedCharacters);
  const plain = `${label} No real model was called. You said: ${said}`;
  if (known?.name !== 'sim/large') return plain;
  return `${plain}\n\nA large model would now reason about this at length. This one only shows how an answer of some length streams, what it costs and how it is recorded.`;
}

function composeCalls(prompt: Prompt, script: Script, sequence: string): readonly AnswerCall[] {
  if (prompt.tools.length === 0 || script.tools === 'off' || script.tools === 'text') return [];
  if (prompt.toolChoice.mode === 'none' || script.refuse !== undefined) return [];
  const answersTool = prompt.turns.at(-1)?.role === 'tool';
  if (answersTool && prompt.toolChoice.mode !== 'any') return [];
  const asked = askedCalls(lastUserText(prompt));
  const wanted = asked.length > 0 ? asked : chooseTools(prompt, script);
  return wanted.map((call, at) => ({
    id: `${callIdPrefixes[prompt.dialect]}${sequence}_${at}`,
    ...withQuirk(call, script),
  }));
}

function chooseTools(prompt: Prompt, script: Script): { name: string; argumentsText: string }[] {
  if (askedReply(prompt) !== undefined && prompt.toolChoice.mode !== 'any') return [];
  const forced = prompt.tools.filter((tool) => tool.name === prompt.toolChoice.name);
  const offered = forced.length > 0 ? forced : prompt.tools;
  const isKnown = findSimulatedModel(prompt.model) !== undefined;
  const count = isKnown ? Math.min(script.calls ?? 1, offered.length) : (script.calls ?? 1);
  return Array.from({ length: count }, (_, at) => callOf(offered[at % offered.length]));
}

function callOf(tool: PromptTool | undefined): { name: string; argumentsText: string } {
  return {
    name: tool?.name ?? 'unknown',
    argumentsText: JSON.stringify(instanceOf(tool?.schema ?? { type: 'object' })),
  };
}

/** Lines `call:NAME {arguments}` of the prompt; the arguments are repeated to the letter. */
function askedCalls(text: string): { name: string; argumentsText: string }[] {
  return [...text.matchAll(/^call:([\w.-]+)[ ]*(.*)$/gm)].map(([, name = '', given = '']) => ({
    name,
    argumentsText: given === '' ? '{}' : given,
  }));
}

function withQuirk(
  call: { name: string; argumentsText: string },
  script: Script,
): { name: string; argumentsText: string } {
  if (script.tools === 'empty-args' || script.tools === 'no-args') return { ...call, argumentsText: '' };
  return script.tools === 'null-args' ? { ...call, argumentsText: 'null' } : call;
}

function cutArguments(calls: readonly AnswerCall[]): readonly AnswerCall[] {
  return calls.map((call, at) =>
    at + 1 < calls.length
      ? call
      : { ...call, argumentsText: call.argumentsText.slice(0, Math.ceil(call.argumentsText.length / 2)) },
  );
}

function countUsage(
  prompt: Prompt,
  cache: CacheCount,
  output: { reasoning: readonly string[]; spoken: readonly string[]; calls: readonly AnswerCall[] },
): AnswerUsage {
  const reasoning = countPieces(output.reasoning);
  const called = output.calls.reduce((sum, call) => sum + countTokens(call.name) + countTokens(call.argumentsText), 0);
  return {
    input: countPrompt(prompt),
    cacheRead: cache.readTokens,
    cacheWrite: cache.writtenTokens,
    cacheWriteTtl: cache.ttl,
    output: reasoning + countPieces(output.spoken) + called,
    reasoning,
  };
}
