export { AuditError } from './audit-error.ts';
export { auditLogs, type AuditSources, type JournalSource } from './audit-logs.ts';
export type { AuditReport } from './audit-report.ts';
export type { AuditPrices, Offer, OfferMatch, OfferVersion } from './prices/offer.ts';
export { OfferTable } from './prices/offer-table.ts';
