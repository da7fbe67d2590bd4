import { execFile } from 'node:child_process';
import { join } from 'node:path';
import type { Clock } from '../../platform/clock.ts';
import type { Isolation, ProbeReport, ProbeStep } from '../contract.ts';
import type { Engines } from './find-engines.ts';
import { FunctionProcess } from './function-process.ts';
import { defaultLimits, type FunctionSpec } from './function-spec.ts';

/** What probing needs. */
export interface ProbeSettings {
  readonly engines: Engines;
  readonly root: string;
  readonly clock: Clock;
  newId(): string;
}

/** Tries from inside what must not work; each line of the answer says what was seen. */
const probeModule = `
const seen = {};
const names = { sockets: 'cloudflare:sockets', files: 'node:fs' };
export default {
  async fetch() {
    try { seen.fetch = String((await fetch('http://127.0.0.1:9/')).status); } catch { seen.fetch = 'refused'; }
    try { seen.eval = String(new Function('return 1')()); } catch { seen.eval = 'refused'; }
    try {
      const { readFileSync } = await import(names.files);
      seen.files = readFileSync('/proc/self/environ', 'utf8') === '' ? 'refused' : 'read';
    } catch { seen.files = 'refused'; }
    try {
      const { connect } = await import(names.sockets);
      await connect({ hostname: '127.0.0.1', port: 9 }).opened;
      seen.sockets = 'connected';
    } catch { seen.sockets = 'refused'; }
    return Response.json(seen);
  },
  async scheduled() { console.log(JSON.stringify(await (await this.fetch()).json())); },
};`;

/** Runs a function that tries to break out, in the operating system's sandbox if that works, else without it. */
export async function probeFunctions(settings: ProbeSettings): Promise<ProbeReport> {
  const { engines, clock } = settings;
  const probedAtMs = clock.nowMs();
  if (engines.workerd === undefined) {
    const remedy = 'install the optional packages: npm ci --include=optional';
    return {
      isolation: isolationOf({ tier: 'none', version: '', probedAtMs }),
      steps: [],
      unusable: { reason: 'the engine for functions (workerd) is not installed for this platform', remedy },
    };
  }
  const version = await versionOf(engines.workerd);
  if (engines.bwrap !== undefined) {
    const steps = await attempt(settings, true);
    if (steps.every(({ held }) => held)) {
      return { isolation: isolationOf({ tier: 'sandbox-rlimit', version, probedAtMs }), steps };
    }
  }
  const steps = await attempt(settings, false);
  const isolation = isolationOf({ tier: 'language', version, probedAtMs });
  if (steps.every(({ held }) => held)) return { isolation, steps };
  const remedy = 'see the steps; a current Linux with bubblewrap is what it is tested on';
  return { isolation, steps, unusable: { reason: 'the engine for functions does not hold what it must', remedy } };
}

async function attempt(settings: ProbeSettings, isSandboxed: boolean): Promise<ProbeStep[]> {
  const seen: string[] = [];
  const spec: FunctionSpec = {
    app: 'probe',
    version: 'probe',
    source: Buffer.from(probeModule),
    environment: {},
    secrets: [],
    limits: defaultLimits,
  };
  try {
    const folder = join(settings.root, settings.newId());
    const process = await FunctionProcess.start({
      ...settings,
      spec,
      isSandboxed,
      folder,
      line: ({ text }) => void seen.push(text),
      audit: () => undefined,
    });
    const event = JSON.stringify({ id: 'probe', cron: '', scheduledTime: 0 });
    const { body } = await process.events.request({ method: 'POST', path: '/', body: event });
    await body.dump();
    process.kill();
    await process.gone;
  } catch (error) {
    return [{ name: 'starts', held: false, saw: error instanceof Error ? error.message : String(error) }];
  }
  return judge(seen.find((text) => text.startsWith('{')));
}

function judge(report: string | undefined): ProbeStep[] {
  if (report === undefined) return [{ name: 'reports', held: false, saw: 'nothing' }];
  const seen = JSON.parse(report) as { readonly [name: string]: string };
  const step = (name: string, saw: string | undefined, good: readonly string[]): ProbeStep => ({
    name,
    held: saw !== undefined && good.includes(saw),
    saw: saw ?? 'nothing',
  });
  return [
    { name: 'starts', held: true, saw: 'started' },
    step('requests to loopback end inside', seen['fetch'], ['403', 'refused']),
    step('no connection by sockets', seen['sockets'], ['refused']),
    step('no code from text', seen['eval'], ['refused']),
    step('no file of the host', seen['files'], ['refused']),
  ];
}

function isolationOf({ tier, version, probedAtMs }: Pick<Isolation, 'tier' | 'version' | 'probedAtMs'>): Isolation {
  const isUsable = tier !== 'none';
  return {
    tier,
    engine: 'workerd',
    version,
    probedAtMs,
    enforced: {
      cpu: isUsable ? 'soft' : 'none',
      // The heap is bounded by the engine, the rest of the memory by the watchdog.
      memory: isUsable ? 'soft' : 'none',
      processes: isUsable ? 'hard' : 'none',
      disk: isUsable ? 'hard' : 'none',
      network: isUsable ? 'hard' : 'none',
      output: isUsable ? 'soft' : 'none',
      wall: isUsable ? 'soft' : 'none',
    },
    gaps: gapsOf(tier),
  };
}

function gapsOf(tier: Isolation['tier']): string[] {
  if (tier === 'none') return ['nothing runs'];
  const shared = [
    'The kernel is shared.',
    'Timers advance while code runs: no protection from timing of the processor.',
  ];
  if (tier !== 'language') return shared;
  return [
    ...shared,
    'Language-level isolation: fine for the code of your own models, not for hostile tenants. Install bubblewrap for more.',
  ];
}

function versionOf(workerd: string): Promise<string> {
  return new Promise((resolve) => {
    execFile(workerd, ['--version'], { env: {}, timeout: 10_000 }, (error, output) => {
      resolve(error === null ? output.trim().replace(/^workerd /, '') : '');
    });
  });
}
