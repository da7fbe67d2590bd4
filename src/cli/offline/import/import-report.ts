import type { SourceValue } from './read-source.ts';
import { NumberText } from './read-source.ts';

/** Steps from the root of the input to a setting. */
export type SettingPath = readonly (string | number)[];

/** What became of a setting. */
export type Verdict = 'kept' | 'changed' | 'unsupported';

/** One setting of the input and what became of it. */
export interface ReportEntry {
  readonly path: string;
  readonly verdict: Verdict;
  /** Where it went, how it changed, or why not and what to do instead. Never holds a secret. */
  readonly note: string;
}

interface Mark {
  readonly verdict: Verdict;
  readonly note: string;
}

const unknownSetting: Mark = {
  verdict: 'unsupported',
  note: 'not known to this importer; nothing was written for it',
};

/**
 * What became of each setting of the input. It is made from the input's own leaves, so that a setting nobody looked at
 * is listed as unsupported: none can vanish silently.
 */
export class ImportReport {
  readonly #leaves: readonly SettingPath[];
  readonly #marks = new Map<string, Mark>();

  constructor(source: SourceValue) {
    this.#leaves = leavesOf(source, []);
  }

  /** Says what became of a setting and all below it; what is said of an inner setting counts more. */
  mark(path: SettingPath, verdict: Verdict, note: string): void {
    this.#marks.set(keyOf(path), { verdict, note });
  }

  /** One entry per leaf, in the order of the input. */
  entries(): ReportEntry[] {
    return this.#leaves.map((path) => ({ path: formatSettingPath(path), ...this.#markOf(path) }));
  }

  #markOf(path: SettingPath): Mark {
    for (let depth = path.length; depth >= 0; depth--) {
      const mark = this.#marks.get(keyOf(path.slice(0, depth)));
      if (mark !== undefined) return mark;
    }
    return unknownSetting;
  }
}

function keyOf(path: SettingPath): string {
  return JSON.stringify(path);
}

function leavesOf(value: SourceValue, path: SettingPath): SettingPath[] {
  if (typeof value !== 'object' || value === null || value instanceof NumberText) return [path];
  const inner = isList(value)
    ? value.flatMap((item, index) => leavesOf(item, [...path, index]))
    : Object.entries(value).flatMap(([key, item]) => leavesOf(item, [...path, key]));
  return inner.length === 0 ? [path] : inner;
}

function isList(value: object): value is readonly SourceValue[] {
  return Array.isArray(value);
}

/** Writes a path the way people read it; names that could be misread stand in quotes. */
export function formatSettingPath(path: SettingPath): string {
  if (path.length === 0) return '(whole file)';
  return path.reduce<string>((text, step) => {
    if (typeof step === 'number') return `${text}[${step}]`;
    if (!/^[\w-]+$/.test(step)) return `${text}[${JSON.stringify(step)}]`;
    return text === '' ? step : `${text}.${step}`;
  }, '');
}
