import { chmodSync, chownSync, rmSync } from 'node:fs';
import type { LookupFunction } from 'node:net';
import type { Clock } from '../../platform/clock.ts';
import type { AllowedNetwork, SandboxMount } from '../contract.ts';
import { defaultEgressBytes, type EgressAudit, EgressProxy } from '../egress/index.ts';
import { forwarderPort } from './forwarder-script.ts';
import { nodeWayOutPath } from './node-way-out.ts';
import { newSocketPath } from './socket-folder.ts';

/** Where a guest's forwarder finds the proxy. */
export const guestEgressSocket = '/run/switchyard/egress.sock';

/** Variables by which programs find the way out; most libraries look for one spelling or the other. */
export const wayOutEnvironment: Readonly<Record<string, string>> = Object.fromEntries([
  ...['HTTP_PROXY', 'HTTPS_PROXY', 'http_proxy', 'https_proxy'].map((name) => [
    name,
    `http://127.0.0.1:${forwarderPort}`,
  ]),
  ['NODE_OPTIONS', `--require=${nodeWayOutPath}`],
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
  const path = newSocketPath(settings.folder, `egress-${id.slice(-8)}`);
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
