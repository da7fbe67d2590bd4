export {
  type ApiKey,
  type ApiKeySettings,
  createKey,
  findKey,
  listKeys,
  type MintedKey,
  revokeKey,
  rotateKey,
  updateKey,
} from './api-keys.ts';
export {
  archiveBudget,
  type Budget,
  type BudgetUse,
  budgetUse,
  type BudgetWanted,
  createBudget,
  listBudgets,
  updateBudget,
} from './budgets.ts';
export { ControlFeed, type ControlFeedSettings } from './control-feed.ts';
export type { ControlSnapshot } from './control-snapshot.ts';
export {
  type Actor,
  type Change,
  changeControl,
  type ChangeRecord,
  controlChannel,
  type ControlStore,
  type Page,
  type PageRequest,
} from './control-store.ts';
export {
  createCustomer,
  type Customer,
  type CustomerChange,
  findCustomer,
  listCustomers,
  updateCustomer,
} from './customers.ts';
export { CredentialOpener, type OpenedCredential, type OpenedCredentials } from './open-credentials.ts';
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
  sealPurpose,
  setProviderCredential,
} from './provider-credentials.ts';
export { openSealer, type Sealer } from './sealer.ts';
export { findSubscription, subscribe, type Subscription } from './subscriptions.ts';
export { syncConfig } from './sync-config.ts';
export {
  createTokenSigner,
  listTokenSigners,
  type MintedSigner,
  revokeToken,
  revokeTokenSigner,
  type TokenSigner,
} from './token-signers.ts';
export {
  type BookExpired,
  type ExpiredGrant,
  findWallet,
  grantToWallet,
  type GrantWanted,
  listGrants,
  openWallet,
  payReceivable,
  sweepWallets,
  toGrant,
  type Wallet,
  type WalletGrant,
} from './wallets.ts';
export { type PackWanted, sellPack, type SoldPack } from './packs.ts';
