import type { GuestFile } from '../contract.ts';
import type { FixAttempt, PatchRefusal } from './fix-types.ts';
import { isPlainPath } from './protected-paths.ts';

/** What a model wants changed. */
export interface Patch {
  readonly edits: readonly { readonly path: string; readonly find: string; readonly replace: string }[];
  readonly files: readonly { readonly path: string; readonly content: string }[];
  readonly delete: readonly string[];
}

/** What a patch is held against. */
export interface PatchRules {
  isProtected(path: string): boolean;
  /** Files that the model did not see as they are. */
  readonly partlyShown: ReadonlySet<string>;
}

/** A patched copy, or everything that speaks against it. */
export type PatchedFiles =
  | { readonly files: readonly GuestFile[]; readonly refusals: readonly [] }
  | { readonly files: undefined; readonly refusals: FixAttempt['refusals'] };

const mostChanges = 100;
const mostFileBytes = 512 * 1024;
const mostFiles = 1000;

/** Finds the one JSON object in an answer; undefined when there is none of the form that was asked for. */
export function readPatch(answer: string): Patch | undefined {
  const value = parseObject(answer);
  if (value === undefined) return undefined;
  const edits = listOf(value['edits'], (one) => textsOf(one, ['path', 'find', 'replace']));
  const files = listOf(value['files'], (one) => textsOf(one, ['path', 'content']));
  const gone = listOf(value['delete'], (one) => (typeof one === 'string' ? one : undefined));
  if (edits === undefined || files === undefined || gone === undefined) return undefined;
  return { edits, files, delete: gone };
}

/** Applies a patch to a copy. One part that may not be refuses all of it: half a patch is nobody's. */
export function applyPatch(original: readonly GuestFile[], patch: Patch, rules: PatchRules): PatchedFiles {
  const files = new Map(original.map((file) => [file.path, file]));
  const refusals: { path: string; reason: PatchRefusal }[] = [];
  const paths = [...patch.edits, ...patch.files].map(({ path }) => path).concat(patch.delete);
  if (paths.length > mostChanges) return refused([{ path: '', reason: 'too_large' }]);
  for (const path of new Set(paths)) {
    if (!isPlainPath(path)) refusals.push({ path: path.slice(0, 200), reason: 'path' });
    else if (rules.isProtected(path)) refusals.push({ path, reason: 'protected' });
  }
  if (refusals.length > 0) return refused(refusals);
  for (const { path, content } of patch.files) {
    const known = files.get(path);
    const reason = problemOfWrite(path, content, { files, rules });
    if (reason !== undefined) refusals.push({ path, reason });
    else files.set(path, { ...known, path, bytes: Buffer.from(content) });
  }
  for (const { path, find, replace } of patch.edits) {
    const known = files.get(path);
    const text = known === undefined ? '' : Buffer.from(known.bytes).toString('utf8');
    const at = find === '' ? -1 : text.indexOf(find);
    if (known === undefined || at < 0 || text.indexOf(find, at + 1) >= 0) refusals.push({ path, reason: 'not_found' });
    else files.set(path, { ...known, bytes: Buffer.from(text.slice(0, at) + replace + text.slice(at + find.length)) });
  }
  for (const path of patch.delete) if (!files.delete(path)) refusals.push({ path, reason: 'not_found' });
  for (const { path, bytes } of files.values()) {
    if (bytes.length > mostFileBytes && original.every((one) => one.path !== path || one.bytes.length < bytes.length))
      refusals.push({ path, reason: 'too_large' });
  }
  if (files.size > Math.max(mostFiles, original.length)) refusals.push({ path: '', reason: 'too_large' });
  if (refusals.length > 0) return refused(refusals);
  const patched = [...files.values()];
  return isSame(original, patched) ? refused([{ path: '', reason: 'no_change' }]) : { files: patched, refusals: [] };
}

function refused(refusals: FixAttempt['refusals']): PatchedFiles {
  return { files: undefined, refusals: refusals.slice(0, 20) };
}

function problemOfWrite(
  path: string,
  content: string,
  { files, rules }: { readonly files: ReadonlyMap<string, GuestFile>; readonly rules: PatchRules },
): PatchRefusal | undefined {
  if (rules.partlyShown.has(path)) return 'hidden_text';
  if (Buffer.byteLength(content) > mostFileBytes) return 'too_large';
  // A file in place of a folder, or below a file, or one that only differs in case, could stand for another.
  const folded = path.toLowerCase();
  const isTaken = [...files.keys()].some((known) => {
    const other = known.toLowerCase();
    return (other === folded && known !== path) || other.startsWith(`${folded}/`) || folded.startsWith(`${other}/`);
  });
  return isTaken ? 'path' : undefined;
}

function isSame(before: readonly GuestFile[], after: readonly GuestFile[]): boolean {
  if (before.length !== after.length) return false;
  const known = new Map(before.map(({ path, bytes }) => [path, Buffer.from(bytes)]));
  return after.every(({ path, bytes }) => known.get(path)?.equals(bytes) === true);
}

function parseObject(answer: string): Readonly<Record<string, unknown>> | undefined {
  const fenced = /```(?:json)?\s*\n([\s\S]*?)\n```\s*$/.exec(answer)?.[1];
  const braces = answer.slice(Math.max(0, answer.indexOf('{')), answer.lastIndexOf('}') + 1);
  for (const text of [answer, fenced, braces]) {
    if (text === undefined) continue;
    try {
      const value: unknown = JSON.parse(text);
      if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { ...value };
    } catch {
      // The next reading may be JSON; when none is, the answer is no patch.
    }
  }
  return undefined;
}

function listOf<Item>(value: unknown, read: (one: unknown) => Item | undefined): readonly Item[] | undefined {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) return undefined;
  const items = value.flatMap((one: unknown) => read(one) ?? []);
  return items.length === value.length ? items : undefined;
}

function textsOf<Name extends string>(value: unknown, names: readonly Name[]): Record<Name, string> | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const fields = value as Readonly<Record<string, unknown>>;
  const texts = names.flatMap((name) => (typeof fields[name] === 'string' ? [[name, fields[name]] as const] : []));
  return texts.length === names.length ? (Object.fromEntries(texts) as Record<Name, string>) : undefined;
}
