import { readFile } from 'node:fs/promises';
import { CliError } from './cli-error.ts';

/** Reads a text file that is sent to the gateway. Throws what the user must know when it cannot. */
export async function readTextFile(path: string): Promise<string> {
  return readFile(path, 'utf8').catch((error: unknown) => {
    throw new CliError(`cannot read ${path}: ${error instanceof Error ? error.message : String(error)}`);
  });
}

/** Reads a JSON object from a file. */
export async function readJsonFile(path: string): Promise<{ readonly [field: string]: unknown }> {
  const text = await readTextFile(path);
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { ...value };
  } catch {
    // Told below: what matters is what it should be.
  }
  throw new CliError(`${path} holds no JSON object`);
}
