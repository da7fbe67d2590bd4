export { ownAccount } from './books/accounts.ts';
export { listBalances } from './books/balances.ts';
export { type ListedTransaction, listTransactions, type TransactionQuery } from './books/list-transactions.ts';
export type { Posted } from './books/post-transaction.ts';
export { CloudEventsSink } from './exports/cloud-events-sink.ts';
export { exportFocus } from './exports/export-focus.ts';
export { type ExportSink, replaceExportSinks } from './exports/export-sinks.ts';
export { type Delivery, dropDelivered, enqueue, type Sink } from './exports/outbox.ts';
export { Outbox } from './exports/outbox-delivery.ts';
export { type OutboxState, outboxStates } from './exports/outbox-states.ts';
export { openStripe, StripeSink } from './exports/stripe-sink.ts';
export { InvoiceBook } from './invoices/invoice-book.ts';
export type { Invoice } from './invoices/invoice-rows.ts';
export { renderInvoice } from './invoices/render/render-invoice.ts';
export { LedgerError } from './ledger-error.ts';
export { MarginWatch } from './margin-alerts.ts';
export { dropExpired } from './projector/drop-expired.ts';
export { Histogram } from './projector/sums/histogram.ts';
export { listQuarantined } from './projector/quarantine/list-quarantined.ts';
export { type ProjectionProgress, runProjector } from './projector/thread/projector-loop.ts';
export { releaseQuarantined } from './projector/quarantine/release-quarantined.ts';
export { Projector } from './projector/projector.ts';
export { type Projection, startProjection } from './projector/thread/start-projection.ts';
export { readWatermarks } from './projector/watermarks.ts';
export { checkSums, type PlaceSums, type SumsReport } from './rebuild/check-sums.ts';
export { rebuildProjections, type RebuildReport } from './rebuild/rebuild-projections.ts';
export { BillError } from './reconciliation/bill.ts';
export { listVariances, totalVariance } from './reconciliation/list-variances.ts';
export { formatReport } from './reconciliation/format-report.ts';
export { type ImportedBill, type PostedVariance, Reconciler } from './reconciliation/reconciler.ts';
export type { ReconciliationReport } from './reconciliation/reconciliation-report.ts';
export { newestExchangeMs, type RecentExchange, recentExchanges } from './usage/recent-query.ts';
export { bookExpiry, bookGrant, bookOpeningGrants, bookPack, bookWalletPayment } from './wallet-books.ts';
export { usage, type UsageDimension, usageDimensions, type UsageQuery, type UsageRow } from './usage/usage-query.ts';
export {
  manualPayments,
  type PaymentNotice,
  type PaymentPort,
  type TopUpAnswer,
  type TopUpRequest,
} from './exports/payment-port.ts';
export { type CheckoutClient, StripePayments } from './exports/stripe-payments.ts';
