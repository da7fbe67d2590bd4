import { createHash } from 'node:crypto';
import type { Price, PriceTerms } from '../../domain/rating/price.ts';
import { flattenTerms } from './flat-terms.ts';

/** How a version came to be used for rating. */
export type VersionStatus = 'single' | 'agreed' | 'auto' | 'confirmed' | 'manual';

/** A price of one endpoint from one instant to another. Versions are opened and closed, never changed. */
export interface PriceVersion {
  readonly id: string;
  readonly endpointId: string;
  readonly price: Price;
  /** From here on requests are rated by it. */
  readonly validFromMs: number;
  /** Exclusive; undefined while in force. */
  readonly validToMs: number | undefined;
  readonly status: VersionStatus;
  /** Catalogs that said so when it was opened. */
  readonly sources: readonly string[];
  /** The first of these catalogs' own date of the price: not the provider's date, and not ours. */
  readonly seenAtMs: number;
  readonly sourceText: string;
  readonly sourceHash: string | undefined;
  readonly inexact: boolean;
  /** `rules` of the price book, or who decided. */
  readonly acceptedBy: string;
}

/** What a version is opened with. */
export type NewVersion = Omit<PriceVersion, 'id' | 'price' | 'validToMs'> & { readonly terms: PriceTerms };

/** Opens a version. Its id is a digest of what and since when, so that replaying a history gives the same ids. */
export function openVersion({ terms, ...version }: NewVersion): PriceVersion {
  const id = digestId('price', [version.endpointId, String(version.validFromMs), termsText(terms)]);
  return { ...version, id, price: { ...terms, versionId: id }, validToMs: undefined };
}

/** A short stable id of some texts. */
export function digestId(prefix: string, texts: readonly string[]): string {
  return `${prefix}_${createHash('sha256').update(texts.join('\n')).digest('hex').slice(0, 20)}`;
}

/** One text per price, whatever the order of its figures. */
function termsText(terms: PriceTerms): string {
  return [...flattenTerms(terms)]
    .map(([name, value]) => `${name}=${value}`)
    .sort()
    .join(';');
}

/** The version in force at an instant. Versions are in order of their start. */
export function versionAt(versions: readonly PriceVersion[], atMs: number): PriceVersion | undefined {
  for (let index = versions.length - 1; index >= 0; index--) {
    const version = versions[index];
    if (version === undefined || version.validFromMs > atMs) continue;
    return version.validToMs === undefined || atMs < version.validToMs ? version : undefined;
  }
  return undefined;
}
