import { simulatedModels } from '../answers/models.ts';
import type { ScriptKey } from './script.ts';
import { scriptKeys } from './script.ts';

const nameWidth = 18;

/** Help text of the simulator: how a script is given, every word of it, and the routes that watch it. */
export function describeScripts(): string {
  return [
    'The simulator speaks OpenAI (chat, responses, completions, embeddings and the rest), Anthropic, Gemini, Vertex,',
    'Azure and Bedrock on one port. A script says how it behaves:',
    '',
    '  model name       "model": "gpt-mock?delay=50&chunks=5&cut=3"   (or ";" for "?" and "&", inside URL paths)',
    '  header           x-fake-script: delay=50&cut=3      or JSON: {"delay":50,"cut":3}',
    '  remote           POST /__fake/script {"model":"gpt-mock","scripts":["fail=429&retry=seconds:7",""]}',
    '  prompt           a line "reply:TEXT" is answered with TEXT; "call:TOOL {...}" calls the tool with these arguments',
    '',
    'Words (times in ms; a word marked * is a fault, which first, after and chance switch off):',
    ...scriptKeys.map(describeKey),
    '',
    'Watching: GET /__fake/stats · POST /__fake/reset · POST /__fake/mark (starts the clock of sinceMarkMs)',
    '',
    `Models by name: ${simulatedModels.map((model) => model.name).join(', ')}; any other name works as well.`,
    '',
  ].join('\n');
}

function describeKey(key: ScriptKey): string {
  const values = typeof key.kind === 'object' ? ` (${key.kind.join(' | ')})` : '';
  return `  ${key.fault === true ? '*' : ' '}${key.name.padEnd(nameWidth)}${key.help}${values}`;
}
