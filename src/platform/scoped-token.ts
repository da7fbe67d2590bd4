import { createHmac } from 'node:crypto';

/**
 * A credential for one purpose, made from the owner token: whoever holds it cannot make the owner token of it, and it
 * opens nothing else. Both sides compute it, so it is kept nowhere.
 */
export function scopedToken(ownerToken: string, scope: 'sandboxes'): string {
  return `sws_${createHmac('sha256', ownerToken).update(`switchyard ${scope}`).digest('base64url')}`;
}
