/** One connection that a guest asked for, as the audit log keeps it. */
export interface EgressAudit {
  readonly atMs: number;
  readonly app: string;
  readonly version: string;
  readonly method: string;
  readonly host: string;
  readonly port: number;
  readonly verdict: 'allowed' | 'denied' | 'failed' | 'cut';
  /** The rule that allowed it, or why nothing did. */
  readonly reason: string;
  readonly address?: string | undefined;
  readonly status?: number | undefined;
  readonly sentBytes: number;
  readonly receivedBytes: number;
}
