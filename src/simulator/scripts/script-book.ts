import { createSeededRandom } from '../../platform/random.ts';
import type { Script } from './script.ts';
import { parseScript, scriptFromObject, splitScriptedModel, withoutFaults } from './script.ts';

/** Where the scripts of one request come from. */
export interface ScriptSources {
  /** Model as the client wrote it, script included. */
  readonly modelName: string;
  /** Value of `x-fake-script`. */
  readonly header: string | undefined;
  /** Usual manner of the model, below everything else. */
  readonly usual: Script;
}

/** Knows the scripts set from outside and counts requests for `first`, `after` and `chance`. */
export interface ScriptBook {
  /** The script for this request, faults already switched on or off; throws `ScriptError`. */
  resolve(sources: ScriptSources): { readonly model: string; readonly script: Script };
  /** Sets the scripts of a model (`*`: of all): the k-th request takes the k-th, later ones the last. */
  set(model: string, scripts: readonly (string | object)[]): void;
  reset(): void;
}

const maxKeys = 10_000;

/** A script book over a default script for all requests. */
export function createScriptBook(defaultScript: Script): ScriptBook {
  const byModel = new Map<string, { scripts: readonly Script[]; served: number }>();
  const counts = new Map<string, number>();
  const next = (model: string): Script => {
    const entry = byModel.get(model) ?? byModel.get('*');
    if (entry === undefined) return {};
    return entry.scripts[Math.min(entry.served++, entry.scripts.length - 1)] ?? {};
  };
  return {
    resolve(sources) {
      const { model, scriptText } = splitScriptedModel(sources.modelName);
      const own = parseScript(scriptText);
      const header = parseScript(sources.header ?? '');
      const script: Script = { ...sources.usual, ...defaultScript, ...next(model), ...own, ...header };
      return { model, script: applyGate(script, counts, script.key ?? `${model}|${JSON.stringify(script)}`) };
    },
    set(model, scripts) {
      const parsed = scripts.map((script) =>
        typeof script === 'string' ? parseScript(script) : scriptFromObject(script),
      );
      if (byModel.size < maxKeys || byModel.has(model)) byModel.set(model, { scripts: parsed, served: 0 });
    },
    reset() {
      byModel.clear();
      counts.clear();
    },
  };
}

function applyGate(script: Script, counts: Map<string, number>, key: string): Script {
  if (script.first === undefined && script.after === undefined && script.chance === undefined) return script;
  const earlier = counts.get(key) ?? 0;
  if (counts.size >= maxKeys && !counts.has(key)) counts.clear();
  counts.set(key, earlier + 1);
  if (script.first !== undefined && earlier >= script.first) return withoutFaults(script);
  if (script.after !== undefined && earlier < script.after) return withoutFaults(script);
  if (script.chance === undefined) return script;
  // A draw of its own for each request keeps the outcome independent of what other models were asked.
  const drawn = createSeededRandom(((script.seed ?? 1) * 0x9e3779b1 + earlier * 0x85ebca6b) >>> 0).unit();
  return drawn < script.chance ? script : withoutFaults(script);
}
