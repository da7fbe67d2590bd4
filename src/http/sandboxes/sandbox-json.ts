import type { SandboxMetric, SandboxRecord, SandboxSettings } from '../../runtime/index.ts';

/** The version of the protocol that is served: clients ask for no more than it has. */
export const envdVersion = '0.6.4';

const clientId = 'switchyard';
const mib = 1024 * 1024;

type Bounds = Pick<SandboxSettings, 'memoryBytes' | 'diskBytes'>;

/** A sandbox with what opens it, as its maker is told. */
export function openedSandbox(record: SandboxRecord, domain: string): Record<string, unknown> {
  return {
    sandboxID: record.id,
    templateID: record.template,
    alias: record.template,
    clientID: clientId,
    envdVersion,
    envdAccessToken: record.accessToken,
    trafficAccessToken: record.trafficToken,
    domain,
  };
}

/** A sandbox in a list. */
export function listedSandbox(record: SandboxRecord, bounds: Bounds): Record<string, unknown> {
  return {
    sandboxID: record.id,
    templateID: record.template,
    alias: record.template,
    clientID: clientId,
    startedAt: isoTime(record.startedAtMs),
    endAt: isoTime(record.endsAtMs),
    cpuCount: 1,
    memoryMB: Math.round(bounds.memoryBytes / mib),
    diskSizeMB: Math.round(bounds.diskBytes / mib),
    metadata: record.metadata,
    state: record.state,
    envdVersion,
    volumeMounts: [],
  };
}

/** Everything about a sandbox. */
export function fullSandbox(record: SandboxRecord, bounds: Bounds, domain: string): Record<string, unknown> {
  return {
    ...listedSandbox(record, bounds),
    domain,
    allowInternetAccess: false,
    network: { allowPublicTraffic: record.publicTraffic },
    lifecycle: { onTimeout: record.onTimeout, autoResume: record.autoResume },
  };
}

/** What a sandbox used at a moment. */
export function wireMetric(metric: SandboxMetric): Record<string, unknown> {
  return {
    timestamp: isoTime(metric.atMs),
    timestampUnix: Math.floor(metric.atMs / 1000),
    cpuCount: metric.cpuCount,
    cpuUsedPct: metric.cpuUsedPct,
    memUsed: metric.memoryUsedBytes,
    memTotal: metric.memoryTotalBytes,
    memCache: 0,
    diskUsed: metric.diskUsedBytes,
    diskTotal: metric.diskTotalBytes,
  };
}

function isoTime(atMs: number): string {
  return new Date(atMs).toISOString();
}
