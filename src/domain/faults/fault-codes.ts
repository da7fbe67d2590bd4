/** Who caused a fault; decides whose statistics it counts against. */
export type Blame = 'client' | 'customer_limit' | 'upstream' | 'us';

/** Constant properties of one fault code. */
export interface FaultKind {
  /** HTTP status sent to the client before anything was committed. */
  readonly httpStatus: number;
  readonly blame: Blame;
  /** May the client send the same request again? */
  readonly retryable: boolean;
  /** May we try the next candidate? */
  readonly failover: boolean;
  /** Does it count against the endpoint's circuit breaker? */
  readonly breaker: boolean;
  /** One sentence for the reference page: what it means and how to mend it. */
  readonly meaning: string;
}

/** Flags that are mostly false. */
interface FaultFlags {
  readonly retryable?: boolean;
  readonly failover?: boolean;
  readonly breaker?: boolean;
  readonly meaning: string;
}

function kind(httpStatus: number, blame: Blame, flags: FaultFlags): FaultKind {
  return { retryable: false, failover: false, breaker: false, ...flags, httpStatus, blame };
}

/** The one catalogue of fault codes. Codes never change meaning; renaming one is a breaking change. */
export const faultKinds = {
  invalid_request: kind(400, 'client', { meaning: 'The request is malformed; the message names the field to mend.' }),
  unsupported_feature: kind(400, 'client', {
    failover: true,
    meaning:
      'No allowed endpoint can carry a field that changes the meaning of the request; remove it or choose another model.',
  }),
  context_too_long: kind(400, 'client', {
    failover: true,
    meaning: 'The prompt exceeds the context window of the model; shorten it or choose a model with a larger one.',
  }),
  upstream_rejected: kind(400, 'client', {
    meaning: 'The upstream refused the request as invalid; its own message is passed on.',
  }),
  no_candidate: kind(400, 'client', {
    meaning: 'No endpoint meets the constraints; the message names the constraint that excluded the last one.',
  }),
  response_unknown: kind(400, 'client', {
    meaning: 'The referenced stored response does not exist for this key or storing is turned off.',
  }),
  key_invalid: kind(401, 'client', { meaning: 'The key is missing, unknown or revoked; send a valid key.' }),
  budget_exceeded: kind(402, 'customer_limit', {
    meaning: 'A hard budget is used up; the message names scope, limit, spent, held and reset time.',
  }),
  not_allowed: kind(403, 'client', { meaning: 'The key may not use this model or route.' }),
  model_unknown: kind(404, 'client', {
    meaning: 'No model of this name is configured or known; the message lists the nearest names.',
  }),
  not_found: kind(404, 'client', { meaning: 'There is no such route or object.' }),
  method_not_allowed: kind(405, 'client', { meaning: 'The route exists but not for this HTTP method.' }),
  body_timeout: kind(408, 'client', { retryable: true, meaning: 'The request body arrived too slowly.' }),
  conflict: kind(409, 'client', {
    meaning: 'The change contradicts what is already there; the message names both and how to go on.',
  }),
  too_large: kind(413, 'client', { meaning: 'The body, a header or a field exceeds its size limit.' }),
  schema_unmet: kind(422, 'upstream', {
    failover: true,
    meaning: 'The answer did not satisfy the requested JSON Schema after one repair attempt.',
  }),
  rate_limited: kind(429, 'customer_limit', {
    retryable: true,
    meaning: 'A rate limit of the key or customer is reached; wait for Retry-After.',
  }),
  upstream_rate_limited: kind(429, 'upstream', {
    retryable: true,
    failover: true,
    meaning: 'Every candidate is rate limited by its host; wait for Retry-After.',
  }),
  client_gone: kind(499, 'client', { meaning: 'The client closed the connection; recorded only.' }),
  upstream_quota: kind(502, 'upstream', {
    failover: true,
    breaker: true,
    meaning: 'The account at the host has no quota left; the operator must top it up.',
  }),
  upstream_auth: kind(502, 'upstream', {
    failover: true,
    breaker: true,
    meaning: 'The host refused our credentials; the operator must mend them.',
  }),
  upstream_model_gone: kind(502, 'upstream', {
    failover: true,
    breaker: true,
    meaning: 'The host no longer serves the model; the operator must change the endpoint.',
  }),
  upstream_unreachable: kind(502, 'upstream', {
    retryable: true,
    failover: true,
    breaker: true,
    meaning: 'The host could not be reached or dropped the connection before answering.',
  }),
  upstream_error: kind(502, 'upstream', {
    retryable: true,
    failover: true,
    breaker: true,
    meaning: 'The host answered with a server error.',
  }),
  upstream_malformed: kind(502, 'upstream', {
    retryable: true,
    failover: true,
    breaker: true,
    meaning: 'The host answered with something that is not its protocol.',
  }),
  empty_completion: kind(502, 'upstream', {
    retryable: true,
    failover: true,
    breaker: true,
    meaning: 'The host ended its answer without any content.',
  }),
  refused: kind(502, 'upstream', {
    failover: true,
    meaning:
      'The model or its host refused to answer, and the policy asks another endpoint; the last one failed otherwise.',
  }),
  answer_rejected: kind(502, 'us', {
    retryable: true,
    failover: true,
    meaning: "The verifier of the job's cascade turned the answer down, and no further model could answer.",
  }),
  truncated: kind(502, 'upstream', {
    retryable: true,
    failover: true,
    breaker: true,
    meaning: 'The answer broke off without a finish reason; what arrived is incomplete.',
  }),
  upstream_overloaded: kind(503, 'upstream', {
    retryable: true,
    failover: true,
    breaker: true,
    meaning: 'The host is overloaded.',
  }),
  shedding: kind(503, 'us', {
    retryable: true,
    meaning: 'The gateway is at its limit of concurrent work or is draining.',
  }),
  journal_full: kind(503, 'us', {
    retryable: true,
    meaning: 'The journal cannot take another fact; the operator must free disk space.',
  }),
  budget_unavailable: kind(503, 'us', {
    retryable: true,
    meaning: 'The budget of a hard limit cannot be checked right now.',
  }),
  database_unavailable: kind(503, 'us', {
    retryable: true,
    meaning:
      'The database is starting or out of reach, so that nothing can be read from it or changed in it right now.',
  }),
  isolation_unavailable: kind(503, 'us', {
    meaning:
      'Code was not run, because it cannot be isolated as strongly here as was asked for; `switchyard doctor` says why.',
  }),
  upstream_timeout: kind(504, 'upstream', {
    retryable: true,
    failover: true,
    breaker: true,
    meaning: 'The host did not answer in time.',
  }),
  deadline_exceeded: kind(504, 'upstream', { retryable: true, meaning: 'The total deadline of the request passed.' }),
  internal: kind(500, 'us', {
    retryable: true,
    meaning: 'A defect in Switchyard; the request id finds it in the log.',
  }),
} as const satisfies Record<string, FaultKind>;

/** A stable fault code. */
export type FaultCode = keyof typeof faultKinds;
