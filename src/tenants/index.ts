export {
  type AccessRole,
  type AccessToken,
  createAccessToken,
  findAccessToken,
  listAccessTokens,
  revokeAccessToken,
} from './access/access-tokens.ts';
export { type AuditQuery, type AuditRecord, readAuditLog, recordChange } from './changes/audit-log.ts';
export { type ChangeClaim, claimIdempotencyKey, keepAnswer, type KeptAnswer } from './changes/idempotency-keys.ts';
export * from './control/index.ts';
export type { Key, KeyLimits } from './key.ts';
export { buildKeyRing, type KeyRing, type KeyRingSources, localKey } from './key-ring.ts';
export { type OwnerToken, ownerTokenMatcher, readOwnerToken } from './owner-token.ts';
export * from './spending/index.ts';
export { type TokenUse, TokenVerifier, type TokenVerifierSettings } from './token-verifier.ts';
