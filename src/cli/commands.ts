import type { CommandTree } from './shell/command-tree.ts';

/** Every command; each is loaded when it is called. */
export const commands: CommandTree = {
  serve: async () => (await import('./commands/serve/serve.ts')).serveCommand,
  demo: async () => (await import('./commands/demo.ts')).demoCommand,
  run: async () => (await import('./commands/run.ts')).runCommand,
  fix: async () => (await import('./commands/fix.ts')).fixCommand,
  top: async () => (await import('./commands/top/top.ts')).topCommand,
  env: {
    e2b: async () => (await import('./commands/env/env-e2b.ts')).envE2bCommand,
  },
  config: {
    check: async () => (await import('./commands/config-check.ts')).configCheckCommand,
  },
  hosts: {
    list: async () => (await import('./commands/hosts/hosts-list.ts')).hostsListCommand,
    verify: async () => (await import('./commands/hosts/hosts-verify.ts')).hostsVerifyCommand,
  },
  requests: {
    show: async () => (await import('./commands/requests/requests-show.ts')).requestsShowCommand,
  },
  build: async () => (await import('./commands/builds/build-command.ts')).buildCommand,
  deploy: async () => (await import('./commands/apps/deploy-command.ts')).deployCommand,
  sandboxes: {
    list: async () => (await import('./commands/sandboxes/sandbox-commands.ts')).sandboxesListCommand,
    kill: async () => (await import('./commands/sandboxes/sandbox-commands.ts')).sandboxesKillCommand,
  },
  apps: {
    list: async () => (await import('./commands/apps/app-commands.ts')).appsListCommand,
    show: async () => (await import('./commands/apps/app-commands.ts')).appsShowCommand,
    promote: async () => (await import('./commands/apps/app-commands.ts')).appsPromoteCommand,
    rollback: async () => (await import('./commands/apps/app-commands.ts')).appsRollbackCommand,
    logs: async () => (await import('./commands/apps/app-commands.ts')).appsLogsCommand,
  },
  customers: {
    list: async () => (await import('./commands/customers/customer-commands.ts')).customersListCommand,
    show: async () => (await import('./commands/customers/customer-commands.ts')).customersShowCommand,
    create: async () => (await import('./commands/customers/customer-commands.ts')).customersCreateCommand,
    update: async () => (await import('./commands/customers/customer-commands.ts')).customersUpdateCommand,
  },
  plans: {
    list: async () => (await import('./commands/plans/plan-commands.ts')).plansListCommand,
    show: async () => (await import('./commands/plans/plan-commands.ts')).plansShowCommand,
    create: async () => (await import('./commands/plans/plan-commands.ts')).plansCreateCommand,
    subscribe: async () => (await import('./commands/plans/plan-commands.ts')).plansSubscribeCommand,
  },
  keys: {
    list: async () => (await import('./commands/keys/key-commands.ts')).keysListCommand,
    create: async () => (await import('./commands/keys/key-commands.ts')).keysCreateCommand,
    rotate: async () => (await import('./commands/keys/key-commands.ts')).keysRotateCommand,
    revoke: async () => (await import('./commands/keys/key-commands.ts')).keysRevokeCommand,
  },
  signers: {
    list: async () => (await import('./commands/credentials/credential-commands.ts')).signersListCommand,
    create: async () => (await import('./commands/credentials/credential-commands.ts')).signersCreateCommand,
    revoke: async () => (await import('./commands/credentials/credential-commands.ts')).signersRevokeCommand,
  },
  credentials: {
    list: async () => (await import('./commands/credentials/credential-commands.ts')).credentialsListCommand,
    set: async () => (await import('./commands/credentials/credential-commands.ts')).credentialsSetCommand,
    remove: async () => (await import('./commands/credentials/credential-commands.ts')).credentialsRemoveCommand,
  },
  budgets: {
    list: async () => (await import('./commands/budgets/budget-commands.ts')).budgetsListCommand,
    create: async () => (await import('./commands/budgets/budget-commands.ts')).budgetsCreateCommand,
    update: async () => (await import('./commands/budgets/budget-commands.ts')).budgetsUpdateCommand,
    archive: async () => (await import('./commands/budgets/budget-commands.ts')).budgetsArchiveCommand,
    use: async () => (await import('./commands/budgets/budget-commands.ts')).budgetsUseCommand,
  },
  wallets: {
    show: async () => (await import('./commands/wallets/wallet-commands.ts')).walletsShowCommand,
    open: async () => (await import('./commands/wallets/wallet-commands.ts')).walletsOpenCommand,
    grants: async () => (await import('./commands/wallets/wallet-commands.ts')).walletsGrantsCommand,
    grant: async () => (await import('./commands/wallets/wallet-commands.ts')).walletsGrantCommand,
    buy: async () => (await import('./commands/wallets/wallet-commands.ts')).walletsBuyCommand,
  },
  outcomes: {
    post: async () => (await import('./commands/outcomes/outcome-commands.ts')).outcomesPostCommand,
  },
  eval: {
    run: async () => (await import('./commands/evals/eval-commands.ts')).evalRunCommand,
    show: async () => (await import('./commands/evals/eval-commands.ts')).evalShowCommand,
    list: async () => (await import('./commands/evals/eval-commands.ts')).evalListCommand,
    stop: async () => (await import('./commands/evals/eval-commands.ts')).evalStopCommand,
  },
  models: {
    adopt: async () => (await import('./commands/rollouts/adopt-command.ts')).modelsAdoptCommand,
  },
  rollouts: {
    start: async () => (await import('./commands/rollouts/rollout-commands.ts')).rolloutsStartCommand,
    list: async () => (await import('./commands/rollouts/rollout-commands.ts')).rolloutsListCommand,
    show: async () => (await import('./commands/rollouts/rollout-commands.ts')).rolloutsShowCommand,
    pause: async () => (await import('./commands/rollouts/rollout-commands.ts')).rolloutsPauseCommand,
    resume: async () => (await import('./commands/rollouts/rollout-commands.ts')).rolloutsResumeCommand,
    rollback: async () => (await import('./commands/rollouts/rollout-commands.ts')).rolloutsRollbackCommand,
  },
  leaderboard: async () => (await import('./commands/evals/leaderboard.ts')).leaderboardCommand,
  usage: {
    show: async () => (await import('./commands/usage/usage-commands.ts')).usageShowCommand,
  },
  ledger: {
    accounts: async () => (await import('./commands/ledger/ledger-commands.ts')).ledgerAccountsCommand,
    transactions: async () => (await import('./commands/ledger/ledger-commands.ts')).ledgerTransactionsCommand,
    check: async () => (await import('./commands/ledger/ledger-commands.ts')).ledgerCheckCommand,
    quarantine: {
      list: async () => (await import('./commands/operations/operation-commands.ts')).ledgerQuarantineListCommand,
      release: async () => (await import('./commands/operations/operation-commands.ts')).ledgerQuarantineReleaseCommand,
    },
    projections: async () => (await import('./commands/operations/operation-commands.ts')).ledgerProjectionsCommand,
  },
  reconciliation: {
    list: async () => (await import('./commands/reconciliation/reconciliation-commands.ts')).reconciliationListCommand,
    import: async () =>
      (await import('./commands/reconciliation/reconciliation-commands.ts')).reconciliationImportCommand,
    report: async () =>
      (await import('./commands/reconciliation/reconciliation-commands.ts')).reconciliationReportCommand,
    post: async () => (await import('./commands/reconciliation/reconciliation-commands.ts')).reconciliationPostCommand,
  },
  gateways: {
    list: async () => (await import('./commands/operations/operation-commands.ts')).gatewaysListCommand,
    release: async () => (await import('./commands/operations/operation-commands.ts')).gatewaysReleaseCommand,
  },
  outbox: {
    show: async () => (await import('./commands/operations/operation-commands.ts')).outboxShowCommand,
  },
  invoices: {
    list: async () => (await import('./commands/invoices/invoice-commands.ts')).invoicesListCommand,
    show: async () => (await import('./commands/invoices/invoice-commands.ts')).invoicesShowCommand,
    draft: async () => (await import('./commands/invoices/invoice-commands.ts')).invoicesDraftCommand,
    finalise: async () => (await import('./commands/invoices/invoice-commands.ts')).invoicesFinaliseCommand,
    void: async () => (await import('./commands/invoices/invoice-commands.ts')).invoicesVoidCommand,
    export: async () => (await import('./commands/invoices/invoice-commands.ts')).invoicesExportCommand,
  },
  tokens: {
    list: async () => (await import('./commands/tokens/token-commands.ts')).tokensListCommand,
    create: async () => (await import('./commands/tokens/token-commands.ts')).tokensCreateCommand,
    revoke: async () => (await import('./commands/tokens/token-commands.ts')).tokensRevokeCommand,
  },
  'audit-log': {
    list: async () => (await import('./commands/audit-log/audit-log-commands.ts')).auditLogListCommand,
  },
  journal: {
    verify: async () => (await import('./commands/journal/journal-verify.ts')).journalVerifyCommand,
    tail: async () => (await import('./commands/journal/journal-tail.ts')).journalTailCommand,
    stats: async () => (await import('./commands/journal/journal-stats.ts')).journalStatsCommand,
    rebuild: async () => (await import('./commands/journal/journal-rebuild.ts')).journalRebuildCommand,
  },
  backup: async () => (await import('./commands/database/backup.ts')).backupCommand,
  restore: async () => (await import('./commands/database/restore.ts')).restoreCommand,
  doctor: async () => (await import('./commands/doctor.ts')).doctorCommand,
  route: async () => (await import('./commands/routing/route.ts')).routeCommand,
  explain: {
    cost: async () => (await import('./commands/explain/explain-cost-command.ts')).explainCostCommand,
    route: async () => (await import('./commands/explain/explain-route-command.ts')).explainRouteCommand,
  },
  prices: {
    list: async () => (await import('./commands/prices/price-book-commands.ts')).pricesListCommand,
    history: async () => (await import('./commands/prices/price-book-commands.ts')).pricesHistoryCommand,
    confirm: async () => (await import('./commands/prices/price-book-commands.ts')).pricesConfirmCommand,
    set: async () => (await import('./commands/prices/price-book-commands.ts')).pricesSetCommand,
    release: async () => (await import('./commands/prices/price-book-commands.ts')).pricesReleaseCommand,
    alerts: async () => (await import('./commands/prices/price-alert-commands.ts')).pricesAlertsCommand,
    diff: async () => (await import('./commands/prices/prices-diff.ts')).pricesDiffCommand,
    import: async () => (await import('./commands/prices/prices-import.ts')).pricesImportCommand,
    explain: async () => (await import('./commands/prices/prices-explain.ts')).pricesExplainCommand,
  },
  policy: {
    evaluate: async () => (await import('./commands/routing/policy-evaluate.ts')).policyEvaluateCommand,
  },
  jobs: {
    propose: async () => (await import('./commands/jobs/propose-command.ts')).jobsProposeCommand,
  },
  datasets: {
    export: async () => (await import('./commands/datasets/export-command.ts')).datasetsExportCommand,
  },
  roi: async () => (await import('./commands/reports/roi.ts')).roiCommand,
  whatif: {
    price: async () => (await import('./commands/reports/what-if.ts')).whatIfPriceCommand,
    lose: async () => (await import('./commands/reports/what-if.ts')).whatIfLoseCommand,
  },
  'fake-upstream': async () => (await import('./commands/fake-upstream.ts')).fakeUpstreamCommand,
  bench: {
    routing: async () => (await import('./commands/routing/bench-routing.ts')).benchRoutingCommand,
  },
  audit: async () => (await import('./offline/audit/audit-command.ts')).auditCommand,
  import: async () => (await import('./offline/import/import-command.ts')).importCommand,
};
