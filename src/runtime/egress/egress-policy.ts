/** A header that the proxy adds for one host: its value never enters the guest. */
export interface InjectedHeader {
  /** Exact host name. */
  readonly host: string;
  readonly name: string;
  readonly value: string;
}

/** A service of our own under a name that only guests know. */
export interface EgressService {
  readonly origin: string;
  /** Only paths that begin with one of these. */
  readonly paths: readonly string[];
}

/** Where a guest may go. */
export interface EgressPolicy {
  /** `example.com`, `*.example.com` for every name below it, either with `:port`; without one 80 and 443. */
  readonly allow: readonly string[];
  readonly headers: readonly InjectedHeader[];
  /** Bytes of all requests and answers together, for the life of one process. */
  readonly maxBytes: number;
  /** Exempt from the check of addresses, since it is us who resolve them. */
  readonly services: { readonly [host: string]: EgressService };
}

/** Bytes that a policy without a figure of its own lets through. */
export const defaultEgressBytes = 256 * 1024 * 1024;

const usualPorts = [80, 443];

/** The rule of a policy that allows a host and port; undefined when none does. */
export function ruleFor(policy: Pick<EgressPolicy, 'allow'>, host: string, port: number): string | undefined {
  const name = host.toLowerCase().replace(/\.$/, '');
  return policy.allow.find((rule) => {
    const [pattern = '', rulePort] = rule.toLowerCase().split(':');
    const isPort = rulePort === undefined ? usualPorts.includes(port) : Number(rulePort) === port;
    if (!isPort) return false;
    return pattern.startsWith('*.')
      ? name.endsWith(pattern.slice(1)) && name.length >= pattern.length
      : name === pattern;
  });
}

/** Whether a host may be reached on any port. */
export function allowsHost(allow: readonly string[], host: string): boolean {
  const names = allow.map((rule) => rule.split(':', 1)[0] ?? '');
  return ruleFor({ allow: names }, host, 443) !== undefined;
}

/** Whether a text can stand in `allow`: a name that the public could have, never an address. */
export function isEgressRule(rule: string): boolean {
  const match =
    /^(?:\*\.)?((?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?)(?::([0-9]{1,5}))?$/i.exec(
      rule,
    );
  return match !== null && Number(match[2] ?? 443) <= 65_535;
}
