// @ts-check
import { parseArgs } from 'node:util';

/**
 * Reads flags that are whole numbers, such as `--trials 20`; unknown flags end the program with a hint.
 * @template {{ readonly [name: string]: number }} Defaults
 * @param {Defaults} defaults
 * @returns {{ [Name in keyof Defaults]: number }}
 */
export function readNumbers(defaults) {
  const names = Object.keys(defaults);
  const options = Object.fromEntries(names.map((name) => [name, { type: /** @type {const} */ ('string') }]));
  const { values } = parseArgs({ options, strict: true });
  const numbers = names.map((name) => {
    const text = values[name];
    const value = text === undefined ? (defaults[name] ?? 0) : Number(text);
    if (!Number.isSafeInteger(value) || value < 0) throw new Error(`--${name} must be a whole number, not "${text}"`);
    return [name, value];
  });
  return /** @type {any} */ (Object.fromEntries(numbers));
}
