import type { Insertable, Selectable } from 'kysely';
import type { Tables } from '../../storage/index.ts';
import type { FigureMove, PriceAlert } from './book-event.ts';
import type { PriceVersion, VersionStatus } from './price-version.ts';
import { decodeTerms, encodeTerms } from './terms-codec.ts';

/** An alert with what became of it. */
export interface StoredAlert extends PriceAlert {
  readonly pagedAtMs: number | undefined;
  readonly acknowledgedAtMs: number | undefined;
  readonly acknowledgedBy: string | undefined;
}

/** A version as its row, without its place among the others. */
export function versionRowOf(version: PriceVersion): Omit<Insertable<Tables['price_version']>, 'position'> {
  const { versionId: _, ...terms } = version.price;
  return {
    id: version.id,
    endpoint_id: version.endpointId,
    valid_from_ms: BigInt(version.validFromMs),
    valid_to_ms: version.validToMs === undefined ? null : BigInt(version.validToMs),
    status: version.status,
    accepted_by: version.acceptedBy,
    seen_at_ms: BigInt(version.seenAtMs),
    sources: JSON.stringify(version.sources),
    source_text: version.sourceText,
    source_hash: version.sourceHash ?? null,
    is_inexact: version.inexact,
    terms: JSON.stringify(encodeTerms(terms)),
  };
}

const statuses: readonly VersionStatus[] = ['single', 'agreed', 'auto', 'confirmed', 'manual'];

/** A version from its row. */
export function versionOf(row: Selectable<Tables['price_version']>): PriceVersion {
  return {
    id: row.id,
    endpointId: row.endpoint_id,
    price: { ...decodeTerms(row.terms), versionId: row.id },
    validFromMs: Number(row.valid_from_ms),
    validToMs: row.valid_to_ms === null ? undefined : Number(row.valid_to_ms),
    status: statuses.find((status) => status === row.status) ?? 'single',
    acceptedBy: row.accepted_by,
    seenAtMs: Number(row.seen_at_ms),
    sources: textsOf(row.sources),
    sourceText: row.source_text,
    sourceHash: row.source_hash ?? undefined,
    inexact: row.is_inexact,
  };
}

/** An alert as its row. */
export function alertRowOf(alert: PriceAlert): Insertable<Tables['price_alert']> {
  const moves = alert.moves.map(({ figure, from, to }) => {
    return { figure, from: from?.toString() ?? null, to: to?.toString() ?? null };
  });
  return {
    id: alert.id,
    kind: alert.kind,
    severity: alert.severity,
    endpoint_id: alert.endpointId,
    raised_at_ms: BigInt(alert.raisedAtMs),
    paged_at_ms: alert.severity === 'page' ? BigInt(alert.raisedAtMs) : null,
    seen_at_ms: BigInt(alert.seenAtMs),
    sources: JSON.stringify(alert.sources),
    moves: JSON.stringify(moves),
    message: alert.message,
  };
}

const kinds: readonly PriceAlert['kind'][] = [
  'price_changed',
  'price_disputed',
  'alias_moved',
  'route_removed',
  'margin_below_floor',
];

/** An alert from its row. */
export function alertOf(row: Selectable<Tables['price_alert']>): StoredAlert {
  return {
    id: row.id,
    kind: kinds.find((kind) => kind === row.kind) ?? 'price_changed',
    severity: row.severity === 'page' ? 'page' : 'notice',
    endpointId: row.endpoint_id,
    raisedAtMs: Number(row.raised_at_ms),
    pagedAtMs: row.paged_at_ms === null ? undefined : Number(row.paged_at_ms),
    seenAtMs: Number(row.seen_at_ms),
    sources: textsOf(row.sources),
    moves: movesOf(row.moves),
    message: row.message,
    acknowledgedAtMs: row.acknowledged_at_ms === null ? undefined : Number(row.acknowledged_at_ms),
    acknowledgedBy: row.acknowledged_by ?? undefined,
  };
}

function textsOf(value: unknown): string[] {
  return Array.isArray(value) ? value.map(String) : [];
}

function movesOf(value: unknown): FigureMove[] {
  if (!Array.isArray(value)) return [];
  const figureOf = (text: unknown): bigint | null => (typeof text === 'string' ? BigInt(text) : null);
  return value.map((move: { figure: string; from: unknown; to: unknown }) => {
    return { figure: move.figure, from: figureOf(move.from), to: figureOf(move.to) };
  });
}
