import { Fault, type FaultDetails } from '../../domain/faults/fault.ts';

const replacement = '[redacted]';

/**
 * Shapes of common credentials, for those we do not know: keys of the operator's other accounts, masked echoes. Runs
 * are bounded, so that no text of an upstream makes the search quadratic.
 */
const shapes: readonly RegExp[] = [
  /\b(sk|pk|rk|gsk|csk|xai|nvapi|hf|pplx|fw|r8|key|sess|tgp|dapi|ghp|gho|ghs|ghu)[-_][\w*.-]{0,256}[\w*]{8,}/g,
  /\bgithub_pat_\w{16,}/g,
  /\bAIza[\w-]{16,}/g,
  /\b(AKIA|ASIA)[A-Z0-9]{12,}/g,
  /\bya29\.[\w.-]{8,}/g,
  /\beyJ[\w-]{8,1024}\.[\w-]{8,1024}\.[\w-]*/g,
  /\b(Bearer|Basic)\s+[\w.~+/*=-]{6,}/gi,
  /-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(-----END [A-Z ]*PRIVATE KEY-----|$)/g,
];

/** Below this length a "secret" is more likely to be a word of the message. */
const minSecretLength = 4;

/** Cuts the given secrets, however they are escaped, and whatever looks like a credential out of a text. */
export function scrubText(text: string, secrets: readonly string[]): string {
  let clean = text;
  for (const secret of secrets) {
    if (secret.length < minSecretLength) continue;
    for (const form of formsOf(secret)) clean = clean.replaceAll(form, replacement);
  }
  for (const shape of shapes) clean = clean.replace(shape, replacement);
  return clean;
}

/** The same for every string of a JSON value, keys included. */
export function scrubValue(value: unknown, secrets: readonly string[]): unknown {
  if (typeof value === 'string') return scrubText(value, secrets);
  if (Array.isArray(value)) return value.map((item) => scrubValue(item, secrets));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [scrubText(key, secrets), scrubValue(item, secrets)]),
  );
}

/** A fault without credentials in anything it carries; `changes` win over what it said. */
export function scrubFault(fault: Fault, secrets: readonly string[], changes: FaultDetails = {}): Fault {
  const { param, retryAfterMs, upstreamStatus, detail, upstreamBody, cause } = {
    ...fault,
    cause: fault.cause,
    ...changes,
  };
  return new Fault(fault.code, {
    message: scrubText(changes.message ?? fault.message, secrets),
    ...(param === undefined ? {} : { param: scrubText(param, secrets) }),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    ...(upstreamStatus === undefined ? {} : { upstreamStatus }),
    ...(detail === undefined ? {} : { detail: scrubText(detail, secrets) }),
    ...(upstreamBody === undefined ? {} : { upstreamBody: scrubValue(upstreamBody, secrets) }),
    ...(cause === undefined ? {} : { cause: scrubCause(cause, secrets) }),
  });
}

/** Causes end up in logs: an error keeps its name, code and scrubbed message, not its stack or neighbours. */
function scrubCause(cause: unknown, secrets: readonly string[]): unknown {
  if (!(cause instanceof Error)) return undefined;
  const clean = new Error(scrubText(cause.message, secrets));
  clean.name = cause.name;
  const code = 'code' in cause && typeof cause.code === 'string' ? { code: scrubText(cause.code, secrets) } : {};
  return Object.assign(clean, code);
}

function formsOf(secret: string): ReadonlySet<string> {
  const escaped = JSON.stringify(secret).slice(1, -1);
  return new Set([
    secret,
    escaped,
    encodeURIComponent(secret),
    Buffer.from(secret).toString('base64'),
    // Some hosts break the lines of what they quote.
    ...(secret.includes('\n') ? secret.split('\n').filter((line) => line.length >= 16) : []),
  ]);
}
