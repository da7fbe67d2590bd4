import type { Isolation, Receipt, RunEvent, Runner, RunRequest, RunStatus } from '../../contract.ts';
import { defaultLimits } from '../../limits.ts';

const enforced = 'hard' as const;
const isolation: Isolation = {
  tier: 'sandbox-cgroup',
  engine: 'toy',
  version: '1',
  probedAtMs: 0,
  enforced: {
    cpu: enforced,
    memory: enforced,
    processes: enforced,
    disk: enforced,
    network: enforced,
    output: enforced,
    wall: enforced,
  },
  gaps: [],
};
const mostSteps = 1000;

/** What a toy program did. */
interface ToyEnd {
  readonly status: RunStatus;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * A language of a few words, so that hundreds of programs can be broken, fixed and tried without a sandbox: one word a
 * line works on a stack that begins with the number on standard input. `say TEXT` writes to stderr, `fail TEXT` ends.
 */
export function runToy(source: string, stdin: string): ToyEnd {
  const stack = [Number(stdin.trim() === '' ? Number.NaN : stdin)];
  const lines = source.split('\n').filter((line) => line.trim() !== '');
  let stderr = '';
  const end = (status: RunStatus, said = ''): ToyEnd => ({ status, stdout: '', stderr: `${stderr}${said}\n` });
  if (lines.some((line) => !/^(push -?\d+|add|mul|sub|div|dup|spin|say .*|fail .*)$/.test(line))) {
    return end('build_failed', 'main.toy: line 1: no such word');
  }
  let steps = 0;
  for (let at = 0; at < lines.length; at++) {
    if (++steps > mostSteps) return end('limit', `main.toy: line ${at + 1}: too long`);
    const [word = '', ...rest] = (lines[at] ?? '').split(' ');
    if (word === 'spin') at--;
    else if (word === 'say') stderr += `${rest.join(' ')}\n`;
    else if (word === 'fail') return end('failed', `main.toy: line ${at + 1}: ${rest.join(' ')}`);
    else if (word === 'push') stack.push(Number(rest[0]));
    else if (word === 'dup') stack.push(stack.at(-1) ?? Number.NaN);
    else {
      const [right, left] = [stack.pop(), stack.pop()];
      if (right === undefined || left === undefined)
        return end('failed', `main.toy: line ${at + 1}: the stack is empty`);
      if (word === 'div' && right === 0) return end('failed', `main.toy: line ${at + 1}: division by 0`);
      stack.push(apply(word, left, right));
    }
  }
  return { status: 'succeeded', stdout: `${stack.at(-1)}\n`, stderr };
}

function apply(word: string, left: number, right: number): number {
  if (word === 'add') return left + right;
  if (word === 'sub') return left - right;
  return word === 'mul' ? left * right : Math.trunc(left / right);
}

/** A runner of toy programs: `main.toy` with standard input; a file `tests/want` says what must come out. */
export function toyRunner(seen: (request: RunRequest) => void = () => undefined): Runner {
  let runs = 0;
  return {
    run(request) {
      seen(request);
      const runId = `run_${String(++runs).padStart(32, '0')}`;
      return Promise.resolve({ runId, events: () => events(runId, request) });
    },
  };
}

async function* events(runId: string, request: RunRequest): AsyncGenerator<RunEvent> {
  const textOf = (path: string): string | undefined => {
    const file = request.files.find((one) => one.path === path);
    return file && Buffer.from(file.bytes).toString('utf8');
  };
  const ended = judged(
    runToy(textOf('main.toy') ?? '', Buffer.from(request.stdin ?? []).toString()),
    textOf('tests/want'),
  );
  yield { type: 'started', runId, isolation };
  if (ended.stdout !== '') yield { type: 'stdout', bytes: Buffer.from(ended.stdout) };
  if (ended.stderr !== '') yield { type: 'stderr', bytes: Buffer.from(ended.stderr) };
  yield { type: 'receipt', receipt: receiptOf(runId, request, ended) };
}

function judged(ended: ToyEnd, want: string | undefined): ToyEnd {
  if (want === undefined || ended.status !== 'succeeded' || ended.stdout.trim() === want.trim()) return ended;
  return { ...ended, status: 'failed', stderr: `${ended.stderr}tests/want: ${want.trim()} was wanted\n` };
}

function receiptOf(runId: string, request: RunRequest, { status, stdout, stderr }: ToyEnd): Receipt {
  const timings = { queuedMs: 0, createMs: 0, filesMs: 0, buildMs: null, runMs: 1, totalMs: 1 };
  return {
    runId,
    status,
    language: request.language,
    startedAtMs: 0,
    isolation,
    limits: { ...defaultLimits, ...request.limits },
    exit: { code: status === 'succeeded' ? 0 : 1, signal: null },
    limitsHit: status === 'limit' ? [{ name: 'cpu', allowed: mostSteps, observed: mostSteps + 1 }] : [],
    timings,
    bytes: { files: 0, stdin: 0, stdout: stdout.length, stderr: stderr.length },
    cpuMs: 1,
    peakMemoryBytes: null,
    ...(request.requestId !== undefined && { requestId: request.requestId }),
  };
}
