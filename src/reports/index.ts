export { AuditError } from './audit/audit-error.ts';
export { auditLogs, type AuditSources, type JournalSource } from './audit/audit-logs.ts';
export type { AuditReport } from './audit/audit-report.ts';
export type { AuditPrices, Offer, OfferMatch, OfferVersion } from './audit/prices/offer.ts';
export { OfferTable } from './audit/prices/offer-table.ts';
