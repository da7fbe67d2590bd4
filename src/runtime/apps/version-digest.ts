import { createHash } from 'node:crypto';
import type { VersionManifest } from './app-types.ts';

/** The id and digest of a version: equal for equal code, assets and settings, whoever builds it and when. */
export function digestOf(manifest: VersionManifest): { readonly version: string; readonly digest: string } {
  const hex = createHash('sha256')
    .update(canonical({ format: 1, ...manifest }))
    .digest('hex');
  return { version: `ver_${hex.slice(0, 32)}`, digest: `sha256:${hex}` };
}

/** JSON with sorted keys: the order in which fields were sent says nothing. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const entries = Object.entries(value)
    .filter(([, one]) => one !== undefined)
    .sort(([left], [right]) => (left < right ? -1 : 1));
  return `{${entries.map(([key, one]) => `${JSON.stringify(key)}:${canonical(one)}`).join(',')}}`;
}

/** Digest of bytes, in hexadecimal. */
export function sha256Of(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
