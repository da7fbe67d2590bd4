import type { Clock } from '../platform/clock.ts';
import { systemClock } from '../platform/clock.ts';
import { Counters } from './counters.ts';
import type { PrefixCache } from './answers/prefix-cache.ts';
import { createPrefixCache } from './answers/prefix-cache.ts';
import type { ResponseShelf } from './answers/response-shelf.ts';
import { createResponseShelf } from './answers/response-shelf.ts';
import type { ScriptBook } from './scripts/script-book.ts';
import { createScriptBook } from './scripts/script-book.ts';
import type { Script } from './scripts/script.ts';
import { parseScript } from './scripts/script.ts';
import type { FileShelf } from './services/files-batches.ts';
import { createFileShelf } from './services/files-batches.ts';
import type { SimulatorOptions } from './simulator-options.ts';

/** What the handlers of one server share. */
export interface SimulatorState {
  readonly options: SimulatorOptions;
  readonly clock: Clock;
  readonly counters: Counters;
  readonly scripts: ScriptBook;
  readonly defaultScript: Script;
  readonly cache: PrefixCache;
  readonly responses: ResponseShelf;
  readonly files: FileShelf;
  readonly isScriptable: boolean;
  /** Known once the server listens. */
  label(): string;
  nextSequence(): string;
  reset(): void;
}

const defaultRecordLimit = 100;
const sequenceDigits = 8;

/** Fresh state; `portOf` tells the port, which is the label unless one is given. */
export function createSimulatorState(options: SimulatorOptions, portOf: () => number): SimulatorState {
  const clock = options.clock ?? systemClock;
  const isScriptable = options.scripting !== false;
  const defaultScript = typeof options.script === 'string' ? parseScript(options.script) : (options.script ?? {});
  const counters = new Counters(clock, options.recordLimit ?? (isScriptable ? defaultRecordLimit : 0));
  const scripts = createScriptBook(defaultScript);
  const cache = createPrefixCache(clock);
  const responses = createResponseShelf();
  const files = createFileShelf();
  let sequence = 0;
  const label = (): string => options.label ?? String(portOf());
  return {
    options,
    clock,
    counters,
    scripts,
    defaultScript,
    cache,
    responses,
    files,
    isScriptable,
    label,
    nextSequence: () => `sim${label().replaceAll(/\W/g, '')}${String(++sequence).padStart(sequenceDigits, '0')}`,
    reset() {
      counters.reset();
      scripts.reset();
      cache.clear();
      responses.clear();
      files.clear();
    },
  };
}
