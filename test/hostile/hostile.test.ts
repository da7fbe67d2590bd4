import { mkdtempSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Sandbox } from '../../src/runtime/contract.ts';
import { WorkspaceDriver, type WorkspaceDriverOptions } from '../../src/runtime/index.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { createIdSource } from '../../src/platform/ids.ts';
import { createSystemRandom } from '../../src/platform/random.ts';
import { hostilePrograms } from './hostile-programs.ts';
import { hostileLimits, layCanaries, openVerified, runHostile, type VerifiedSandbox } from './run-hostile.ts';

const dataFolder = mkdtempSync(join(tmpdir(), 'switchyard-hostile-data-'));
const newId = createIdSource(systemClock, createSystemRandom());
const driverOf = (options: Partial<WorkspaceDriverOptions>): WorkspaceDriver =>
  new WorkspaceDriver({ dataFolder, clock: systemClock, newId, ...options });

const strongest = driverOf({});
const { unusable, isolation } = await strongest.probe();
const engines = [
  ...(unusable || isolation.tier !== 'sandbox-cgroup' ? [] : [{ tier: 'sandbox-cgroup', driver: strongest }]),
  ...(unusable ? [] : [{ tier: 'sandbox-rlimit', driver: driverOf({ groups: 'none' }) }]),
];

afterAll(() => rmSync(dataFolder, { recursive: true, force: true }));

describe('the harness', () => {
  it('runs nothing hostile where it sees its own namespaces', async () => {
    const outside = sandboxSaying(
      (marker) => `${marker}\n${readlinkSync('/proc/self/ns/pid')}\n${readlinkSync('/proc/self/ns/mnt')}\n`,
    );
    await expect(runHostile(outside.verified, { language: 'sh' }, 'echo ran')).rejects.toThrow('no sandbox');
    expect(outside.commands()).toBe(1);
  });

  it('runs nothing hostile where its marker is missing', async () => {
    const outside = sandboxSaying(() => 'other\npid:[1]\nmnt:[2]\n');
    await expect(runHostile(outside.verified, { language: 'sh' }, 'echo ran')).rejects.toThrow('no sandbox');
    expect(outside.commands()).toBe(1);
  });

  it('has a sandbox to try, or says why there is none', () => {
    if (engines.length === 0) expect(unusable?.remedy).not.toBe('');
    else expect(engines.map(({ driver }) => driver.engine)).toContain('bubblewrap');
  });
});

describe.each(engines)('hostile programs at $tier', ({ driver }) => {
  let shared: VerifiedSandbox;
  let canaries: Awaited<ReturnType<typeof layCanaries>>;

  beforeAll(async () => {
    await driver.probe();
    canaries = await layCanaries(driver);
    shared = await openVerified(driver);
  });
  afterAll(async () => {
    await canaries.clear();
    await driver.close();
  });

  it.each(hostilePrograms.map((program) => ({ ...program, program })))(
    '[hostile $number] $tries: $expected',
    async ({ program, limits, limit }) => {
      const isTime = limit === 'cpu' || limit === 'wall';
      let lateMs = Number.POSITIVE_INFINITY;
      // A busy machine may hold up any one measurement; three in a row would be ours.
      for (let round = 0; round < (isTime ? 3 : 1) && lateMs > 0; round += 1) {
        const own = limits === undefined ? undefined : await openVerified(driver, { ...hostileLimits, ...limits });
        const place = own ?? shared;
        const world = { ...canaries, sandbox: place.sandbox };
        const result = await runHostile(place, program, program.program(world));
        const seen = { ...result, stdout: result.stdout.slice(0, 500), stderr: result.stderr.slice(0, 500) };
        expect(await program.held(result, world), JSON.stringify(seen)).toBe(true);
        const hit = result.exit.limitsHit.find(({ name }) => name === limit);
        if (limit !== undefined) expect(hit, JSON.stringify(seen)).toBeDefined();
        // What is only watched is seen a moment later.
        const slack = limit === undefined || driver.report?.isolation.enforced[limit] === 'hard' ? 0 : 400;
        lateMs = (hit?.observed ?? 0) - ((hit?.allowed ?? 0) * 1.1 + 100 + slack);
        await own?.sandbox.destroy();
      }
      if (isTime) expect(lateMs).toBeLessThanOrEqual(0);
      // The neighbour is there and unharmed.
      expect(Buffer.from(await canaries.neighbour.files.read('secret')).toString()).toBe(canaries.neighbourWord);
    },
  );
});

/** A stand-in that answers the harness's question and counts what it was asked to run. */
function sandboxSaying(answer: (marker: string) => string): { verified: VerifiedSandbox; commands(): number } {
  let commands = 0;
  const exec: Sandbox['exec'] = () => {
    commands += 1;
    const bytes = Buffer.from(answer('marker'));
    return Promise.resolve({
      id: '1',
      started: Promise.resolve(1),
      output: async function* () {
        yield await Promise.resolve({ stream: 'stdout' as const, bytes });
      },
      exited: Promise.resolve({
        code: 0,
        signal: null,
        limitsHit: [],
        startedAtMs: 0,
        wallMs: 0,
        cpuMs: null,
        peakMemoryBytes: null,
        stdoutBytes: 0,
        stderrBytes: 0,
      }),
      writeInput: () => Promise.resolve(false),
      closeInput: () => undefined,
      kill: () => undefined,
    });
  };
  const sandbox = { exec } as unknown as Sandbox;
  return { verified: { sandbox, marker: 'marker' }, commands: () => commands };
}
