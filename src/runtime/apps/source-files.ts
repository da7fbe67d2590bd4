import { Fault } from '../../domain/faults/fault.ts';

/** A file of an app as it was sent. */
export interface SourceFile {
  readonly path: string;
  readonly bytes: Buffer;
}

/** Most that may be sent: bounds of one upload. */
export const uploadLimits = {
  files: 10_000,
  totalBytes: 48 * 1024 * 1024,
  fileBytes: 16 * 1024 * 1024,
  pathLength: 400,
  depth: 32,
};

/**
 * Checks the names and sizes of what was sent: names stay below their folder on every system, and no file is also a
 * folder. Throws `invalid_request` or `too_large` naming the first file that is wrong.
 */
export function checkSourceFiles(files: readonly SourceFile[]): void {
  if (files.length === 0) throw wrong('holds no file');
  if (files.length > uploadLimits.files) throw tooLarge(`has more than ${uploadLimits.files} files`);
  const known = new Set<string>();
  let totalBytes = 0;
  for (const { path, bytes } of files) {
    const problem = problemOf(path);
    if (problem !== undefined) throw wrong(`has the file ${JSON.stringify(path.slice(0, 200))}, which ${problem}`);
    if (known.has(path)) throw wrong(`has the file ${path} twice`);
    if (bytes.length > uploadLimits.fileBytes)
      throw tooLarge(`has ${path} with more than ${uploadLimits.fileBytes} bytes`);
    totalBytes += bytes.length;
    known.add(path);
  }
  if (totalBytes > uploadLimits.totalBytes) throw tooLarge(`has more than ${uploadLimits.totalBytes} bytes`);
  for (const path of known) {
    for (let end = path.lastIndexOf('/'); end > 0; end = path.lastIndexOf('/', end - 1)) {
      if (known.has(path.slice(0, end))) throw wrong(`has ${path.slice(0, end)} as a file and as a folder`);
    }
  }
}

function problemOf(path: string): string | undefined {
  if (path.length === 0 || Buffer.byteLength(path) > uploadLimits.pathLength) return 'is empty or too long';
  if (/[\p{Cc}\\]/u.test(path)) return 'has a control character or a backslash';
  if (path.startsWith('/') || /^[a-z]:/i.test(path)) return 'is absolute';
  const parts = path.split('/');
  if (parts.length > uploadLimits.depth) return 'is nested too deeply';
  if (parts.some((part) => part === '' || part === '.' || part === '..')) return 'leaves its folder';
  if (parts.some((part) => Buffer.byteLength(part) > 255)) return 'has a name that is too long';
  return undefined;
}

function wrong(what: string): Fault {
  return new Fault('invalid_request', { message: `The upload ${what}.`, param: 'files' });
}

function tooLarge(what: string): Fault {
  return new Fault('too_large', { message: `The upload ${what}.`, param: 'files' });
}
