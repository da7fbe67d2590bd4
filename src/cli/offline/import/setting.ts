import type { ImportReport, SettingPath } from './import-report.ts';
import { NumberText, type SourceValue } from './read-source.ts';

/** A place in the input: reads it, and says in the report what became of it. */
export class Setting {
  readonly path: SettingPath;
  readonly value: SourceValue;
  readonly #report: ImportReport;

  constructor(value: SourceValue, report: ImportReport, path: SettingPath = []) {
    this.value = value;
    this.path = path;
    this.#report = report;
  }

  /** The setting of this name; undefined when absent. */
  get(key: string): Setting | undefined {
    const { value } = this;
    return isObject(value) && Object.hasOwn(value, key) ? this.#inner(key, value[key] ?? null) : undefined;
  }

  /** The first of several names for one thing. */
  first(...keys: readonly string[]): Setting | undefined {
    for (const key of keys) {
      const found = this.get(key);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  /** Named settings; none when this is no object. */
  entries(): (readonly [string, Setting])[] {
    const { value } = this;
    return isObject(value) ? Object.entries(value).map(([key, item]) => [key, this.#inner(key, item)] as const) : [];
  }

  /** Listed settings; none when this is no list. */
  items(): Setting[] {
    const { value } = this;
    return isList(value) ? value.map((item, index) => this.#inner(index, item)) : [];
  }

  get isObject(): boolean {
    return isObject(this.value);
  }

  /** Its text, a number as written; undefined for anything that is no text or blank. */
  get text(): string | undefined {
    const { value } = this;
    if (value instanceof NumberText) return value.text;
    return typeof value === 'string' && value.trim() !== '' ? value.trim() : undefined;
  }

  /** Its value as a number; for everything but money. */
  get number(): number | undefined {
    const number = Number(this.text ?? Number.NaN);
    return Number.isFinite(number) ? number : undefined;
  }

  /** Its value as a whole number from 1, rounded; undefined when it is none. */
  get count(): number | undefined {
    const rounded = Math.round(this.number ?? 0);
    return rounded >= 1 && Number.isSafeInteger(rounded) ? rounded : undefined;
  }

  /** True for `true` and its usual spellings. */
  get isTrue(): boolean {
    return this.value === true || /^(true|yes|on|1)$/i.test(this.text ?? '');
  }

  kept(note: string): void {
    this.#report.mark(this.path, 'kept', note);
  }

  changed(note: string): void {
    this.#report.mark(this.path, 'changed', note);
  }

  unsupported(note: string): void {
    this.#report.mark(this.path, 'unsupported', note);
  }

  #inner(step: string | number, value: SourceValue): Setting {
    return new Setting(value, this.#report, [...this.path, step]);
  }
}

function isObject(value: SourceValue): value is { readonly [key: string]: SourceValue } {
  return typeof value === 'object' && value !== null && !(value instanceof NumberText) && !isList(value);
}

function isList(value: SourceValue): value is readonly SourceValue[] {
  return Array.isArray(value);
}
