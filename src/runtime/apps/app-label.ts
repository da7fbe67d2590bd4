import type { AliasName } from './app-types.ts';

/** Which app and alias a request is for, and what is left of its path. */
export interface AppAddress {
  readonly app: string;
  readonly alias: AliasName;
  /** Path and query as the guest sees them. */
  readonly path: string;
  /** What was taken off the path; empty for an address by host. */
  readonly prefix: string;
}

const label = /^(?:(prod|preview)--)?([a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?)$/;
const hostLabel = /^(prod|preview)--([a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?)\./;

/** Reads `/a/{app}/…`, `/a/preview--{app}/…`, or a host `{alias}--{app}.…`; undefined for everything else. */
export function readAddress(target: string, host: string | undefined): AppAddress | undefined {
  const byHost = host === undefined ? null : hostLabel.exec(host);
  if (byHost?.[2] !== undefined) {
    return { alias: aliasOf(byHost[1]), app: byHost[2], path: target.startsWith('/') ? target : '/', prefix: '' };
  }
  if (!target.startsWith('/a/')) return undefined;
  const end = endOf(target);
  const match = label.exec(target.slice(3, end));
  if (match?.[2] === undefined) return undefined;
  const rest = target.slice(end);
  const path = rest.startsWith('/') ? rest : `/${rest}`;
  return { alias: aliasOf(match[1]), app: match[2], path, prefix: target.slice(0, end) };
}

/** Whether a path names an app and nothing below it: pages need the slash for their relative links. */
export function lacksSlash(target: string, { prefix }: AppAddress): boolean {
  return prefix !== '' && target[prefix.length] !== '/';
}

function aliasOf(name: string | undefined): AliasName {
  return name === 'preview' ? 'preview' : 'prod';
}

function endOf(target: string): number {
  const end = target.slice(3).search(/[/?#]/);
  return end < 0 ? target.length : end + 3;
}
