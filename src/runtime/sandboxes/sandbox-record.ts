import { randomBytes } from 'node:crypto';
import { Fault } from '../../domain/faults/fault.ts';
import type { Clock } from '../../platform/clock.ts';
import type { ComputePayer } from '../compute/compute-desk.ts';
import type { NewSandbox, SandboxOwner, SandboxRecord, SandboxSettings } from './sandbox-types.ts';

/** The record of a sandbox that begins now, with a name and tokens of its own. */
export function newSandboxRecord(
  owner: SandboxOwner,
  wanted: NewSandbox,
  { clock, newId, ttlMs }: { readonly clock: Clock; newId(prefix: string): string; readonly ttlMs: number },
): SandboxRecord {
  const nowMs = clock.nowMs();
  return {
    // A part of host names, in which `_` has no place; and not to be guessed, since its ports may be public.
    id: newId('sbx').replace('_', ''),
    key: owner.key,
    customer: owner.customer,
    ...(owner.project !== undefined && { project: owner.project }),
    template: wanted.template,
    metadata: wanted.metadata ?? {},
    environment: wanted.environment ?? {},
    accessToken: `swa-sandbox-${randomBytes(24).toString('hex')}`,
    trafficToken: `swt-sandbox-${randomBytes(24).toString('hex')}`,
    startedAtMs: nowMs,
    endsAtMs: nowMs + ttlMs,
    ttlMs,
    state: 'running',
    pausedAtMs: null,
    onTimeout: wanted.onTimeout ?? 'kill',
    autoResume: wanted.autoResume ?? false,
    publicTraffic: wanted.publicTraffic ?? true,
  };
}

/** Who pays for a sandbox of this owner. */
export function payerOf({ customer, key, project }: SandboxOwner): ComputePayer {
  return { customer, key, project };
}

/** What everybody hears who asks for one that is not there, or not theirs. */
export function absentSandbox(id: string): Fault {
  return new Fault('not_found', { message: `Sandbox ${id.slice(0, 100)} not found.` });
}

/** Whether a sandbox is this owner's. */
export function isOwn(record: SandboxOwner, owner: SandboxOwner): boolean {
  return record.key === owner.key && record.customer === owner.customer;
}

/** Whether its time is over: while it runs its own, while it is paused the operator's. */
export function isDue(record: SandboxRecord, nowMs: number, { pausedMs }: Pick<SandboxSettings, 'pausedMs'>): boolean {
  if (record.state === 'running') return nowMs >= record.endsAtMs;
  return record.pausedAtMs !== null && nowMs >= record.pausedAtMs + pausedMs;
}
