import { existsSync, readFileSync } from 'node:fs';

/** Version of the package that this file belongs to: as a source, compiled, or in a bundle. */
export function readVersion(): string {
  const manifest: unknown = JSON.parse(readFileSync(nearestManifest(), 'utf8'));
  const isManifest = typeof manifest === 'object' && manifest !== null && 'version' in manifest;
  return isManifest ? String(manifest.version) : 'unknown';
}

/** Each of them lies at another depth below it. */
function nearestManifest(place: URL = new URL('package.json', import.meta.url)): URL {
  const above = new URL('../package.json', place);
  return existsSync(place) || above.href === place.href ? place : nearestManifest(above);
}
