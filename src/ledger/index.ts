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
  type ListedEntry,
  type ListedTransaction,
  listTransactions,
  type TransactionQuery,
} from './books/list-transactions.ts';
export {
  chargeEntries,
  costEntries,
  expiryEntries,
  type PaidPart,
  paymentEntries,
  promoEntries,
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
export { type CsvValue, csvLine } from './csv.ts';
export { CloudEventsSink, type CloudEventsSettings } from './exports/cloud-events-sink.ts';
export { exportFocus } from './exports/export-focus.ts';
export { type MeteredUse, meterEventId, meterMessages } from './exports/meter-events.ts';
export { type ExportSink, exportUse, replaceExportSinks } from './exports/export-sinks.ts';
export {
  type Delivery,
  type DeliveryRound,
  dropDelivered,
  enqueue,
  type OutboxMessage,
  type Sink,
} from './exports/outbox.ts';
export { Outbox } from './exports/outbox-delivery.ts';
export { type OutboxState, outboxStates } from './exports/outbox-states.ts';
export {
  manualPayments,
  type PaymentNotice,
  type PaymentPort,
  type TopUpAnswer,
  type TopUpRequest,
} from './exports/payment-port.ts';
export { type CheckoutClient, StripePayments } from './exports/stripe-payments.ts';
export { openStripe, type StripeClient, type StripeSettings, StripeSink } from './exports/stripe-sink.ts';
export { type DraftRequest, InvoiceBook, type InvoiceBookDeps, type InvoiceFilter } from './invoices/invoice-book.ts';
export type { InvoiceDocument } from './invoices/invoice-document.ts';
export type { InvoiceLine, InvoiceLineKind } from './invoices/invoice-line.ts';
export type { Invoice } from './invoices/invoice-rows.ts';
export type { InvoiceSettingsInput } from './invoices/invoice-settings.ts';
export type { ExchangeRate } from './invoices/invoice-totals.ts';
export { type InvoiceForm, type RenderedInvoice, renderInvoice } from './invoices/render/render-invoice.ts';
export { LedgerError, type LedgerErrorCode } from './ledger-error.ts';
export { type MarginAlert, MarginWatch } from './margin-alerts.ts';
export { dropExpired } from './projector/drop-expired.ts';
export { Histogram } from './projector/sums/histogram.ts';
export { type ListedQuarantine, listQuarantined } from './projector/quarantine/list-quarantined.ts';
export type { ApplyCharges, ProjectionAlarm, ProjectorPorts, VersionLookup } from './projector/ports.ts';
export { type ProjectionProgress, runProjector } from './projector/thread/projector-loop.ts';
export { type Released, type ReleaseOrder, releaseQuarantined } from './projector/quarantine/release-quarantined.ts';
export { type BatchResult, Projector, type ProjectorSettings } from './projector/projector.ts';
export {
  type Projection,
  type ProjectionLag,
  type ProjectionOptions,
  startProjection,
} from './projector/thread/start-projection.ts';
export { mainProjector, readWatermarks, type WatermarkRow } from './projector/watermarks.ts';
export { checkSums, type PlaceSums, type SumsReport } from './rebuild/check-sums.ts';
export { rebuildProjections, type RebuildOptions, type RebuildReport } from './rebuild/rebuild-projections.ts';
export type { RebuildDifference } from './rebuild/rebuild-tables.ts';
export { BillError, type BillProblem } from './reconciliation/bill.ts';
export type { CompareSettings } from './reconciliation/compare-bill.ts';
export { type ListedVariance, listVariances, totalVariance } from './reconciliation/list-variances.ts';
export { formatReport, type ReportDocument } from './reconciliation/format-report.ts';
export { type BillFile, type ImportedBill, type PostedVariance, Reconciler } from './reconciliation/reconciler.ts';
export type { DifferenceClass, ReconciliationReport } from './reconciliation/reconciliation-report.ts';
export { newestExchangeMs, type RecentExchange, recentExchanges, type RecentQuery } from './usage/recent-query.ts';
export { bookExpiry, bookGrant, bookOpeningGrants, bookPack, bookWalletPayment } from './wallet-books.ts';
export {
  usage,
  type UsageDimension,
  usageDimensions,
  type UsagePage,
  type UsageQuery,
  type UsageRow,
} from './usage/usage-query.ts';
