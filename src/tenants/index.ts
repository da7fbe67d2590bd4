export {
  type AccessToken,
  createAccessToken,
  findAccessToken,
  listAccessTokens,
  revokeAccessToken,
} from './access/access-tokens.ts';
export { readAuditLog, recordChange } from './changes/audit-log.ts';
export { type ChangeClaim, claimIdempotencyKey, keepAnswer, type KeptAnswer } from './changes/idempotency-keys.ts';
export * from './control/index.ts';
export type { Key, KeyLimits } from './key.ts';
export { buildKeyRing, type KeyRing, localKey } from './key-ring.ts';
export { ownerTokenMatcher, readOwnerToken } from './owner-token.ts';
export * from './spending/index.ts';
export { TokenVerifier } from './token-verifier.ts';
