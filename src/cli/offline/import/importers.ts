import { usageError } from '../../shell/cli-error.ts';
import type { Importer } from './importer.ts';
import { litellmImporter } from './litellm/import-litellm.ts';
import { openrouterImporter } from './openrouter/import-openrouter.ts';
import { portkeyImporter } from './portkey/import-portkey.ts';

const importers: { readonly [format: string]: Importer } = {
  litellm: litellmImporter,
  openrouter: openrouterImporter,
  portkey: portkeyImporter,
};

/** The importer of a format. Throws a usage error that lists those there are. */
export function findImporter(format: string): Importer {
  const found = Object.hasOwn(importers, format) ? importers[format] : undefined;
  if (found === undefined)
    throw usageError(`"${format}" is no known format; known: ${Object.keys(importers).join(', ')}`);
  return found;
}
