import type { IncomingMessage } from 'node:http';
import { ConnectError } from './connect-protocol.ts';

/** Names by which clients may act. A sandbox has one user; `root` is another name for it and no more powerful. */
const users: readonly string[] = ['user', 'root'];

/** As whom a call acts, from its head; `user` when it does not say. */
export function userOf({ headers }: IncomingMessage): string {
  const encoded = /^basic (.+)$/i.exec(headers.authorization ?? '')?.[1];
  if (encoded === undefined) return 'user';
  return knownUser(Buffer.from(encoded, 'base64').toString('utf8').split(':', 1)[0] ?? '');
}

/** The user of this name. */
export function knownUser(name: string): string {
  if (name === '') return 'user';
  if (users.includes(name)) return name;
  throw new ConnectError('unauthenticated', `There is no user "${name.slice(0, 100)}" in the sandbox.`);
}
