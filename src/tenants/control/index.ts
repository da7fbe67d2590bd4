export { createKey, findKey, listKeys, type MintedKey, revokeKey, rotateKey, updateKey } from './api-keys.ts';
export {
  archiveBudget,
  type Budget,
  type BudgetUse,
  budgetUse,
  createBudget,
  listBudgets,
  updateBudget,
} from './budgets.ts';
export { ControlFeed } from './control-feed.ts';
export type { ControlSnapshot } from './control-snapshot.ts';
export { type Actor, type Change, controlChannel, type ControlStore, type Page } from './control-store.ts';
export { createCustomer, type Customer, findCustomer, listCustomers, updateCustomer } from './customers.ts';
export { CredentialOpener, type OpenedCredentials } from './open-credentials.ts';
export {
  createPlanVersion,
  findPlanVersion,
  listPlanVersions,
  type PlanVersion,
  planVersionId,
  readCustomerPlans,
  syncPlans,
} from './plans.ts';
export { createProject, listProjects, type Project } from './projects.ts';
export {
  listProviderCredentials,
  type ProviderCredential,
  removeProviderCredential,
  setProviderCredential,
} from './provider-credentials.ts';
export { openSealer, type Sealer } from './sealer.ts';
export { findSubscription, subscribe, type Subscription } from './subscriptions.ts';
export { syncConfig } from './sync-config.ts';
export {
  createTokenSigner,
  listTokenSigners,
  revokeToken,
  revokeTokenSigner,
  type TokenSigner,
} from './token-signers.ts';
export {
  type ExpiredGrant,
  findWallet,
  grantToWallet,
  listGrants,
  openWallet,
  payReceivable,
  sweepWallets,
  toGrant,
  type Wallet,
  type WalletGrant,
} from './wallets.ts';
export { sellPack, type SoldPack } from './packs.ts';
