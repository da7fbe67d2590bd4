export { AuditError } from './audit/audit-error.ts';
export { auditLogs, type AuditSources, type JournalSource } from './audit/audit-logs.ts';
export type { AuditReport } from './audit/audit-report.ts';
export { reportPage } from './audit/html/page.ts';
export type { AuditPrices, Offer, OfferMatch, OfferVersion } from './audit/prices/offer.ts';
export { OfferTable } from './audit/prices/offer-table.ts';
export { type OfferSource, shippedOffers } from './audit/prices/shipped-offers.ts';
export { reportAsData } from './audit/report-json.ts';
export { reportLines, type ReportStyle } from './audit/report-text.ts';
export { askLoss, askPrice, type LossQuestion, type PriceQuestion } from './what-if/ask.ts';
export { ColumnBuilder } from './what-if/column-builder.ts';
export { LogColumns, type ReplayRow } from './what-if/log-columns.ts';
export type { WhatIfReport } from './what-if/what-if-report.ts';
export { whatIfData, whatIfLines } from './what-if/what-if-text.ts';
export { measureRoi, type RoiQuestion } from './roi/measure-roi.ts';
export { stepsOf } from './roi/saving-steps.ts';
export { roiPage } from './roi/roi-page.ts';
export type { Parity, RoiReport, Saving, SuccessValue } from './roi/roi-report.ts';
export { roiLines } from './roi/roi-text.ts';
export {
  type Dataset,
  type DatasetSample,
  type DatasetTerms,
  dpoDataset,
  type DpoRow,
  sftDataset,
  type SftRow,
} from './datasets/build-dataset.ts';
