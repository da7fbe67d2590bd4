import type { OutcomeFact } from '../../domain/facts/facts.ts';
import type { ExchangeRecord } from '../records/exchange-record.ts';

/** What an outcome copies from its exchange, so that learning needs no other fact. */
export function outcomeEvidence({
  open,
  final,
  decision,
}: Pick<ExchangeRecord, 'open' | 'final' | 'decision'>): Partial<OutcomeFact> {
  const { features, candidates } = decision?.routing ?? {};
  const model = final?.type === 'final' ? final.model : undefined;
  const isAfterDraft = final?.type === 'final' && (final.drafts ?? 0) > 0;
  const key = open?.key ?? (final?.type === 'final' ? final.key : undefined);
  const expected = candidates?.find((one) => one.model === model)?.quality;
  return {
    ...(key !== undefined && { key }),
    ...(features !== undefined && { features }),
    ...(expected !== undefined && { expected }),
    ...(isAfterDraft && { afterDraft: true as const }),
  };
}
