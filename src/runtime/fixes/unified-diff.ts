import type { GuestFile } from '../contract.ts';

type Step = { readonly sign: ' ' | '-' | '+'; readonly line: string };

const context = 3;
/** Beyond so many differing lines a file is shown as replaced; finding the shortest way costs their square. */
const mostSteps = 1500;

/** What turns one set of files into another, as a unified diff with paths in order. */
export function diffFiles(before: readonly GuestFile[], after: readonly GuestFile[]): string {
  const old = textsOf(before);
  const now = textsOf(after);
  const paths = [...new Set([...old.keys(), ...now.keys()])].sort();
  return paths.map((path) => diffOf(path, old.get(path), now.get(path))).join('');
}

function textsOf(files: readonly GuestFile[]): Map<string, Buffer> {
  return new Map(files.map(({ path, bytes }) => [path, Buffer.from(bytes)]));
}

function diffOf(path: string, before: Buffer | undefined, after: Buffer | undefined): string {
  if (before !== undefined && after !== undefined && before.equals(after)) return '';
  const head = `--- ${before === undefined ? '/dev/null' : `a/${path}`}\n+++ ${after === undefined ? '/dev/null' : `b/${path}`}\n`;
  if (before?.includes(0) === true || after?.includes(0) === true) return `${head}Binary files differ\n`;
  return head + hunksOf(stepsOf(linesOf(before), linesOf(after)));
}

/** Lines with their ends, so that a last line without one is another line. */
function linesOf(bytes: Buffer | undefined): string[] {
  return bytes === undefined || bytes.length === 0 ? [] : (bytes.toString('utf8').match(/[^\n]*\n|[^\n]+$/g) ?? []);
}

function stepsOf(before: readonly string[], after: readonly string[]): Step[] {
  let start = 0;
  while (start < before.length && start < after.length && before[start] === after[start]) start++;
  let end = 0;
  const most = Math.min(before.length, after.length) - start;
  while (end < most && before[before.length - 1 - end] === after[after.length - 1 - end]) end++;
  const same = (lines: readonly string[]): Step[] => lines.map((line) => ({ sign: ' ', line }));
  const middle = shortest(before.slice(start, before.length - end), after.slice(start, after.length - end));
  return [...same(before.slice(0, start)), ...middle, ...same(before.slice(before.length - end))];
}

/** The shortest edit script, by furthest-reaching paths on diagonals. */
function shortest(before: readonly string[], after: readonly string[]): Step[] {
  const trace: Map<number, number>[] = [];
  let reach = new Map([[1, 0]]);
  for (let depth = 0; depth <= Math.min(before.length + after.length, mostSteps); depth++) {
    trace.push(reach);
    const next = new Map(reach);
    for (let diagonal = -depth; diagonal <= depth; diagonal += 2) {
      let x = isDown(next, diagonal, depth) ? at(next, diagonal + 1) : at(next, diagonal - 1) + 1;
      while (x < before.length && x - diagonal < after.length && before[x] === after[x - diagonal]) x++;
      next.set(diagonal, x);
      if (x >= before.length && x - diagonal >= after.length) return walkBack(trace, before, after);
    }
    reach = next;
  }
  return [...before.map((line): Step => ({ sign: '-', line })), ...after.map((line): Step => ({ sign: '+', line }))];
}

function at(reach: ReadonlyMap<number, number>, diagonal: number): number {
  return reach.get(diagonal) ?? -1;
}

function isDown(reach: ReadonlyMap<number, number>, diagonal: number, depth: number): boolean {
  return diagonal === -depth || (diagonal !== depth && at(reach, diagonal - 1) < at(reach, diagonal + 1));
}

function walkBack(
  trace: readonly ReadonlyMap<number, number>[],
  before: readonly string[],
  after: readonly string[],
): Step[] {
  const steps: Step[] = [];
  let x = before.length;
  let y = after.length;
  for (let depth = trace.length - 1; depth >= 0; depth--) {
    const reach = trace[depth] ?? new Map<number, number>();
    const diagonal = x - y;
    const from = isDown(reach, diagonal, depth) ? diagonal + 1 : diagonal - 1;
    const fromX = at(reach, from);
    const fromY = fromX - from;
    while (x > fromX && y > fromY && x > 0 && y > 0) {
      steps.push({ sign: ' ', line: before[--x] ?? '' });
      y--;
    }
    if (depth === 0) break;
    if (x === fromX) steps.push({ sign: '+', line: after[--y] ?? '' });
    else steps.push({ sign: '-', line: before[--x] ?? '' });
  }
  return steps.reverse();
}

function hunksOf(steps: readonly Step[]): string {
  const changed = steps.flatMap(({ sign }, index) => (sign === ' ' ? [] : [index]));
  const ranges: { from: number; to: number }[] = [];
  for (const index of changed) {
    const last = ranges.at(-1);
    const from = Math.max(0, index - context);
    const to = Math.min(steps.length, index + context + 1);
    if (last !== undefined && from <= last.to) last.to = to;
    else ranges.push({ from, to });
  }
  let text = '';
  let [oldLine, newLine, done] = [1, 1, 0];
  for (const { from, to } of ranges) {
    oldLine += from - done;
    newLine += from - done;
    const hunk = steps.slice(from, to);
    const old = hunk.filter(({ sign }) => sign !== '+').length;
    const now = hunk.filter(({ sign }) => sign !== '-').length;
    text += `@@ -${rangeOf(oldLine, old)} +${rangeOf(newLine, now)} @@\n`;
    for (const { sign, line } of hunk) {
      text += line.endsWith('\n') ? `${sign}${line}` : `${sign}${line}\n\\ No newline at end of file\n`;
    }
    oldLine += old;
    newLine += now;
    done = to;
  }
  return text;
}

/** A range of no lines is told by the line before it. */
function rangeOf(line: number, count: number): string {
  return `${count === 0 ? line - 1 : line},${count}`;
}
