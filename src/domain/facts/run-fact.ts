/** Code ran: its receipt, as the runtime wrote it, and the exchange that the code came from. */
export interface RunFact {
  readonly type: 'run';
  /** The run's own id: a run is found as a request is. */
  readonly requestId: string;
  readonly atMs: number;
  /** The exchange that produced the code. */
  readonly exchangeId?: string;
  readonly customer?: string;
  readonly status: string;
  readonly receipt: Readonly<Record<string, unknown>>;
}
