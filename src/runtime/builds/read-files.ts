import { fileEnd, fileStart } from '../../domain/calls/build-format.ts';
import { Fault } from '../../domain/faults/fault.ts';
import { checkSourceFiles, type SourceFile } from '../apps/source-files.ts';

const mostFiles = 100;

/** Reads the files of a model's answer; what is wrong with it, as a sentence for the model, where it holds none. */
export function readFiles(answer: string): readonly SourceFile[] | string {
  const files = new Map<string, string>();
  let open: { readonly path: string; readonly lines: string[] } | undefined;
  for (const line of answer.split(/\r?\n/)) {
    const isStart = line.startsWith(fileStart);
    if (open && line.trimEnd() === fileEnd) {
      if (files.has(open.path)) return `The file ${open.path} is there twice.`;
      files.set(open.path, textOf(open.lines));
      open = undefined;
    } else if (open && isStart) return `The file ${open.path} has no line "${fileEnd}" before the next file.`;
    else if (open) open.lines.push(line);
    else if (isStart) open = { path: line.slice(fileStart.length).trim(), lines: [] };
  }
  if (open) return `The file ${open.path} has no line "${fileEnd}": the answer was cut or is malformed.`;
  if (files.size === 0) return `The answer holds no file. Begin each with a line "${fileStart}PATH".`;
  if (files.size > mostFiles) return `The answer holds more than ${mostFiles} files.`;
  const read = [...files].map(([path, text]) => ({ path, bytes: Buffer.from(text) }));
  try {
    checkSourceFiles(read);
    return read;
  } catch (error) {
    return Fault.is(error) ? error.message : 'The files cannot be used.';
  }
}

/** Many models put a fence around what is a file already. */
function textOf(lines: readonly string[]): string {
  const [first = ''] = lines;
  const isFenced = lines.length > 1 && first.startsWith('```') && lines.at(-1)?.trim() === '```';
  const kept = isFenced ? lines.slice(1, -1) : lines;
  return `${kept.join('\n')}\n`;
}
