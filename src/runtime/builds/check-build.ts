import { Fault } from '../../domain/faults/fault.ts';
import { planBuild } from '../apps/plan-build.ts';
import type { SourceFile } from '../apps/source-files.ts';
import type { Receipt, Runner } from '../contract.ts';
import { failureReport } from '../fixes/failure-report.ts';
import type { FixVerdict } from '../fixes/fix-types.ts';
import { KeptOutput } from '../tools/kept-output.ts';
import { checkFolder, checkScript } from './check-script.ts';

/** What a build is checked with. */
export interface CheckedBuild {
  readonly files: readonly SourceFile[];
  /** The exchange that wrote them; the outcome of the check is evidence about it. */
  readonly requestId: string;
  readonly customer: string;
  readonly signal?: AbortSignal | undefined;
}

const limits = { cpuMs: 60_000, wallMs: 60_000, outputBytes: 256 * 1024 };
const passedLine = /^passed: (.+)$/gm;

/** Builds and tests the files of an app in a sandbox of its own. */
export async function checkBuild(build: CheckedBuild, runner: Runner): Promise<FixVerdict> {
  const { files } = build;
  const entry = entryOf(files);
  if (typeof entry === 'object') return refused(entry.problem);
  const plan = { files: files.map(({ path }) => path), entry };
  const own = [
    { path: `${checkFolder}/check.mjs`, bytes: Buffer.from(checkScript) },
    { path: `${checkFolder}/plan.json`, bytes: Buffer.from(JSON.stringify(plan)) },
  ];
  const { requestId, customer, signal } = build;
  const kept = files.filter(({ path }) => !path.startsWith(`${checkFolder}/`));
  try {
    const running = await runner.run(
      { language: 'javascript', files: [...kept, ...own], entry: own[0]?.path ?? '', limits, requestId, customer },
      signal ? { signal } : {},
    );
    const output = new KeptOutput();
    for await (const event of running.events()) {
      if (event.type === 'receipt') return verdictOf(event.receipt, output, files);
      if (event.type !== 'started') output.take({ stream: event.type, bytes: event.bytes });
    }
    return { kind: 'broken', reason: 'the check ended without a receipt' };
  } catch (error) {
    return { kind: 'broken', reason: Fault.is(error) ? error.message : 'the sandbox broke' };
  }
}

function entryOf(files: readonly SourceFile[]): string | undefined | { readonly problem: string } {
  try {
    return planBuild(files, {}).entry;
  } catch (error) {
    return { problem: Fault.is(error) ? error.message : 'it cannot be built' };
  }
}

function verdictOf(receipt: Receipt, output: KeptOutput, files: readonly SourceFile[]): FixVerdict {
  const { status, runId, exit, limitsHit } = receipt;
  const { stdout, stderr } = output;
  const passed = [...stdout.matchAll(passedLine)].map(([, name = '']) => ({
    name,
    isHidden: false,
    hasPassed: true,
    runId,
  }));
  if (status === 'succeeded') return { kind: 'passed', checks: passed };
  if (status === 'broken' || status === 'cancelled') {
    return { kind: 'broken', reason: stderr.trim() === '' ? status : stderr.trim().slice(-500) };
  }
  const failures = [...stderr.matchAll(/^failed: ([^:\n]+)/gm)].map(([, name = '']) => name);
  const failed = (failures.length === 0 ? ['the checks'] : failures).map((name) => ({
    name,
    isHidden: false,
    hasPassed: false,
    runId,
  }));
  const paths = files.map(({ path }) => path);
  const failure = failureReport({ status, exit, limitsHit, stdout, stderr, paths, hide: (text) => text });
  return { kind: 'failed', checks: [...passed, ...failed], failure, isHidden: false };
}

/** Files that cannot be built at all need no sandbox to say so. */
function refused(problem: string): FixVerdict {
  const exit = { code: 1, signal: null };
  const failure = failureReport({
    status: 'build_failed',
    exit,
    limitsHit: [],
    stdout: '',
    stderr: `failed: ${problem}`,
    paths: [],
    hide: (text) => text,
  });
  return {
    kind: 'failed',
    checks: [{ name: 'the build', isHidden: false, hasPassed: false }],
    failure,
    isHidden: false,
  };
}
