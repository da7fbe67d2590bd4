import type { Database } from '../../../storage/index.ts';
import {
  type ChangeClaim,
  claimIdempotencyKey,
  keepAnswer,
  type KeptAnswer,
  recordChange,
} from '../../../tenants/index.ts';
import type { Principal } from './principal.ts';

/** What a change was made to, for the audit log. Never holds a secret. */
export interface AuditSubject {
  readonly id: string;
  readonly customerId?: string | undefined;
  readonly before?: object | undefined;
  readonly after?: object | undefined;
}

/** One line of the audit log. */
export interface AuditLine {
  readonly principal: Principal;
  /** Noun and verb: `price.confirm`. */
  readonly action: string;
  readonly subject: AuditSubject;
  readonly atMs: number;
}

/** Where changes are remembered, inside the transaction that makes them. */
export interface ChangeBook {
  /** Claims the key, or gives the answer of the first time. Throws a `conflict` for another payload. */
  claim(database: Database, claim: ChangeClaim): Promise<KeptAnswer | undefined>;
  keep(database: Database, claim: ChangeClaim, answer: KeptAnswer): Promise<void>;
  audit(database: Database, line: AuditLine): Promise<void>;
}

/**
 * Remembers changes in the tables of the database itself. Since key, change and audit are one transaction, a second
 * request with the same key waits for the first, and a failed one leaves its key free.
 */
export const databaseChangeBook: ChangeBook = {
  claim: claimIdempotencyKey,
  keep: keepAnswer,
  audit: (database, { principal, action, subject, atMs }) =>
    recordChange(database, {
      atMs,
      actor: principal.name,
      role: principal.role,
      action,
      subjectKind: action.slice(0, action.indexOf('.')),
      subjectId: subject.id,
      customerId: subject.customerId,
      before: subject.before,
      after: subject.after,
    }),
};
