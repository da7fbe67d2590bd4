import { stripVTControlCharacters } from 'node:util';
import type { ScreenSize, Terminal } from '../../src/cli/shell/terminal.ts';

/** A terminal that remembers what was written to it. */
export interface TestTerminal extends Terminal {
  stdout(): string;
  /** With control sequences. */
  raw(): string;
  stderr(): string;
  /** What SIGINT does. */
  stop(): void;
  /** Changes the size of the window. */
  resize(size: ScreenSize): void;
  /** Resolves when stdout holds the text. */
  until(text: string): Promise<void>;
}

/** Makes a terminal with an environment of its own; with a size it passes for a real one. */
export function createTestTerminal(
  environment: { readonly [name: string]: string | undefined },
  screen?: ScreenSize,
): TestTerminal {
  let [stdout, stderr, size] = ['', '', screen];
  let stop = (): void => undefined;
  const stopped = new Promise<void>((resolve) => (stop = resolve));
  const resizeListeners = new Set<() => void>();
  const writeListeners = new Set<() => void>();
  return {
    environment,
    write(text) {
      stdout += text;
      for (const listener of writeListeners) listener();
    },
    complain: (text) => void (stderr += text),
    screen: () => size,
    onResize(listener) {
      resizeListeners.add(listener);
      return () => resizeListeners.delete(listener);
    },
    untilStopped: () => stopped,
    stdout: () => stripVTControlCharacters(stdout),
    raw: () => stdout,
    stderr: () => stderr,
    stop: () => stop(),
    resize(next) {
      size = next;
      for (const listener of resizeListeners) listener();
    },
    until(text) {
      return new Promise((resolve) => {
        const look = (): void => {
          if (!stripVTControlCharacters(stdout).includes(text)) return;
          writeListeners.delete(look);
          resolve();
        };
        writeListeners.add(look);
        look();
      });
    },
  };
}
