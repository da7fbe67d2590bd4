import { chmodSync, chownSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import type { LookupFunction } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Clock } from '../../platform/clock.ts';
import type { AllowedNetwork, SandboxMount } from '../contract.ts';
import { defaultEgressBytes, type EgressAudit, EgressProxy } from '../egress/index.ts';
import { forwarderPort } from './forwarder-script.ts';
import { startTicks } from './process-scan.ts';

/** Where a guest's forwarder finds the proxy. */
export const guestEgressSocket = '/run/switchyard/egress.sock';

/** A unix socket's path must fit into 107 bytes; so long is the name of one. */
const longestFolder = 107 - '/4194304-184467440737-12345678.sock'.length;

/** Variables by which programs find the way out; most libraries look for one spelling or the other. */
export const wayOutEnvironment: Readonly<Record<string, string>> = Object.fromEntries([
  ...['HTTP_PROXY', 'HTTPS_PROXY', 'http_proxy', 'https_proxy'].map((name) => [
    name,
    `http://127.0.0.1:${forwarderPort}`,
  ]),
  ...['NO_PROXY', 'no_proxy'].map((name) => [name, 'localhost,127.0.0.1,::1']),
]);

/** What a way out is opened with. */
export interface WayOutSettings {
  readonly network: AllowedNetwork;
  /** Folder that users of sandboxes can pass through. */
  readonly folder: string;
  /** Name of the sandbox in the audit log. */
  readonly id: string;
  /** User whose sandbox it is: nobody else may use the socket. */
  readonly user: number | undefined;
  readonly clock: Clock;
  readonly audit: (entry: EgressAudit) => void;
  /** Stand in for the resolver and its guard, for tests. */
  readonly resolve?: LookupFunction | undefined;
  readonly lookup?: LookupFunction | undefined;
}

/** The one socket by which a sandbox reaches anything, with the proxy behind it. */
export interface WayOut {
  readonly mount: SandboxMount;
  close(): Promise<void>;
}

/** Opens the proxy of one sandbox on a socket of its own. */
export async function openWayOut(settings: WayOutSettings): Promise<WayOut> {
  const { network, id, user, clock, audit, resolve, lookup } = settings;
  const folder = socketFolder(settings.folder);
  mkdirSync(folder, { recursive: true, mode: 0o711 });
  chmodSync(folder, 0o711);
  const path = join(folder, `${ownPrefix()}${id.slice(-8)}.sock`);
  rmSync(path, { force: true });
  const { allow, headers = [], maxBytes = defaultEgressBytes } = network;
  const proxy = await EgressProxy.open({
    policy: { allow, headers, maxBytes, services: {} },
    listen: { path },
    app: 'sandbox',
    version: id,
    clock,
    audit,
    ...(resolve && { resolve }),
    ...(lookup && { lookup }),
  });
  chmodSync(path, 0o600);
  if (user !== undefined) chownSync(path, user, user);
  return {
    mount: { hostPath: path, guestPath: guestEgressSocket, writable: false },
    async close() {
      await proxy.close();
      rmSync(path, { force: true });
    },
  };
}

/** Removes sockets of supervisors that are gone. */
export function sweepWaysOut(shelfFolder: string): void {
  const folder = socketFolder(shelfFolder);
  for (const name of listOf(folder)) {
    const [, pid, ticks] = /^(\d+)-(\d+)-/.exec(name) ?? [];
    if (pid !== undefined && startTicks(Number(pid)) !== ticks) rmSync(join(folder, name), { force: true });
  }
}

function ownPrefix(): string {
  return `${process.pid}-${startTicks(process.pid) ?? '0'}-`;
}

function socketFolder(shelfFolder: string): string {
  const beside = join(shelfFolder, 'egress');
  return Buffer.byteLength(beside) <= longestFolder
    ? beside
    : join(tmpdir(), `switchyard-egress-${process.getuid?.()}`);
}

function listOf(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return []; // No sandbox ever had a way out.
  }
}
