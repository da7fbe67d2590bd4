import { stripVTControlCharacters } from 'node:util';
import { bigintAsText } from '../../domain/json/bigint-as-text.ts';

/** Size of a terminal window in characters. */
export interface ScreenSize {
  readonly columns: number;
  readonly rows: number;
}

/** Where a command reads its surroundings and writes its output; tests bring their own. */
export interface Terminal {
  readonly environment: { readonly [name: string]: string | undefined };
  /** Answers go to stdout, so that they can be piped. */
  write(text: string): void;
  /** Complaints and progress go to stderr. */
  complain(text: string): void;
  /** Undefined when stdout is no terminal. */
  screen(): ScreenSize | undefined;
  /** Calls the listener after each change of size, until the returned function is called. */
  onResize(listener: () => void): () => void;
  /** Resolves at the first SIGINT or SIGTERM; for commands that run until they are stopped. */
  untilStopped(): Promise<void>;
}

/** Writes one line to stdout. */
export function writeLine(terminal: Terminal, line = ''): void {
  terminal.write(`${line}\n`);
}

/** Writes a value as JSON, for scripts; amounts stay decimal text. */
export function writeJson(terminal: Terminal, value: unknown): void {
  const text = JSON.stringify(value, bigintAsText, 2);
  terminal.write(`${text}\n`);
}

/** The terminal of this process; colours are left out when nobody looks. */
export function processTerminal(): Terminal {
  const { stdout, stderr, env } = process;
  for (const stream of [stdout, stderr]) stream.on('error', ignoreClosedPipe);
  const isPlain = (stream: NodeJS.WriteStream): boolean => !stream.isTTY || env['NO_COLOR'] !== undefined;
  const write = (stream: NodeJS.WriteStream, text: string): void => {
    stream.write(isPlain(stream) ? stripVTControlCharacters(text) : text);
  };
  return {
    environment: env,
    write: (text) => write(stdout, text),
    complain: (text) => write(stderr, text),
    screen: () => (stdout.isTTY ? { columns: stdout.columns, rows: stdout.rows } : undefined),
    onResize(listener) {
      stdout.on('resize', listener);
      return () => stdout.off('resize', listener);
    },
    untilStopped() {
      return new Promise((resolve) => {
        const stop = (): void => {
          for (const signal of stopSignals) process.off(signal, stop);
          resolve();
        };
        for (const signal of stopSignals) process.on(signal, stop);
      });
    },
  };
}

const stopSignals = ['SIGINT', 'SIGTERM'] as const;

/** `switchyard hosts list | head` closes our stdout early, which is no failure. */
function ignoreClosedPipe(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error;
}
