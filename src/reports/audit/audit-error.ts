/** A file that cannot be audited at all; told in one sentence. */
export class AuditError extends Error {
  override readonly name = 'AuditError';
}
