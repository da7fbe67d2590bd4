import { readFileSync } from 'node:fs';
import { isAbsolute, resolve } from 'node:path';
import { z } from 'zod';

/** Where a secret lives: `env:NAME` or `file:PATH`. Secrets themselves never stand in the configuration. */
export const secretReference = z
  .string()
  .regex(/^(env:[A-Za-z_][A-Za-z0-9_]*|file:.+)$/, 'must be a reference: env:NAME or file:PATH')
  .meta({ description: 'Reference to a secret: `env:NAME` or `file:PATH`.' });

/** What references are resolved against. */
export interface SecretSources {
  readonly environment: { readonly [name: string]: string | undefined };
  /** Folder of the configuration file; relative `file:` paths start here. */
  readonly directory: string;
}

/** Reads a referenced secret; undefined when the variable is unset, the file unreadable, or either is blank. */
export function readSecret(reference: string, sources: SecretSources): string | undefined {
  const [kind, ...rest] = reference.split(':');
  const name = rest.join(':');
  const value = kind === 'env' ? sources.environment[name] : readSecretFile(name, sources.directory);
  const trimmed = value?.trim();
  return trimmed === '' ? undefined : trimmed;
}

function readSecretFile(path: string, directory: string): string | undefined {
  try {
    return readFileSync(isAbsolute(path) ? path : resolve(directory, path), 'utf8');
  } catch {
    // Missing and unreadable files are reported by the caller, which knows the place in the configuration.
    return undefined;
  }
}
