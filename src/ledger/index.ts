export {
  type AccountKind,
  type AccountName,
  customerAccount,
  customerAccounts,
  hostAccount,
  hostAccounts,
  organisationAccounts,
  ownAccount,
} from './books/accounts.ts';
export { type AccountBalance, balanceOf, type BalanceQuery, listBalances } from './books/balances.ts';
export {
  chargeEntries,
  costEntries,
  expiryEntries,
  invoiceEntries,
  type PaidPart,
  paymentEntries,
  promoEntries,
  providerBillEntries,
  topUpEntries,
} from './books/money-events.ts';
export {
  type Executor,
  type NewEntry,
  type NewTransaction,
  type Posted,
  postTransaction,
  postTransactions,
} from './books/post-transaction.ts';
export { type Reversal, type Reversed, reverseTransaction } from './books/reverse-transaction.ts';
export { type DraftRequest, InvoiceBook, type InvoiceFilter } from './invoices/invoice-book.ts';
export type { Invoice } from './invoices/invoice-rows.ts';
export type { InvoiceSettingsInput } from './invoices/invoice-settings.ts';
export { type InvoiceForm, renderInvoice } from './invoices/render/render-invoice.ts';
export { LedgerError, type LedgerErrorCode } from './ledger-error.ts';
export { dropExpired } from './projector/drop-expired.ts';
export { Histogram } from './projector/histogram.ts';
export type { ApplyCharges, ProjectionAlarm, ProjectorPorts, VersionLookup } from './projector/ports.ts';
export { type BatchResult, Projector, type ProjectorSettings } from './projector/projector.ts';
export { type ProjectionProgress, runProjector } from './projector/projector-loop.ts';
export {
  type Projection,
  type ProjectionLag,
  type ProjectionOptions,
  startProjection,
} from './projector/start-projection.ts';
export { mainProjector, readWatermarks, type WatermarkRow } from './projector/watermarks.ts';
export { checkSums, type PlaceSums, type SumsReport } from './rebuild/check-sums.ts';
export { rebuildProjections, type RebuildOptions, type RebuildReport } from './rebuild/rebuild-projections.ts';
export type { RebuildDifference } from './rebuild/rebuild-tables.ts';
export { type RecentExchange, recentExchanges, type RecentQuery } from './usage/recent-query.ts';
export {
  usage,
  type UsageDimension,
  usageDimensions,
  type UsagePage,
  type UsageQuery,
  type UsageRow,
} from './usage/usage-query.ts';
