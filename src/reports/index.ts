export { AuditError } from './audit/audit-error.ts';
export { auditLogs, type AuditSources, type JournalSource } from './audit/audit-logs.ts';
export type { AuditReport } from './audit/audit-report.ts';
export { reportPage } from './audit/html/page.ts';
export type { AuditPrices, Offer, OfferMatch, OfferVersion } from './audit/prices/offer.ts';
export { OfferTable } from './audit/prices/offer-table.ts';
export { type OfferSource, shippedOffers } from './audit/prices/shipped-offers.ts';
export { reportAsData } from './audit/report-json.ts';
export { reportLines, type ReportStyle } from './audit/report-text.ts';
