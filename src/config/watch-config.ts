import { type FSWatcher, watch } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import { ConfigError, loadConfig, type LoadedConfig } from './load-config.ts';
import type { SecretSources } from './secret-reference.ts';

/** What follows from a reload. */
export interface ReloadListener {
  changed(loaded: LoadedConfig, difference: readonly string[]): void;
  /** The new text is unusable: the last good configuration stays. */
  refused(error: ConfigError): void;
}

/** A watched configuration file. */
export interface ConfigWatch {
  /** Reads the file now (SIGHUP). */
  reload(): void;
  close(): void;
}

const settleMs = 100;
const emptied = { line: 1, column: 1, path: '', message: 'is empty now, and was not before' };

/** Watches the configuration's folder, since editors replace files, and reloads once the writing has settled. */
export function watchConfig(
  current: LoadedConfig,
  environment: SecretSources['environment'],
  listener: ReloadListener,
): ConfigWatch {
  let last = current;
  let timer: NodeJS.Timeout | undefined;
  const reload = (): void => {
    try {
      const loaded = loadConfig(last.file, environment, last.exists);
      // Most likely the middle of a write. Taken at its word it would revoke every key.
      if (loaded.isBlank && !last.isBlank) throw new ConfigError(last.file, [emptied]);
      const difference = diffConfig(last.config, loaded.config);
      last = loaded;
      listener.changed(loaded, difference);
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      listener.refused(error);
    }
  };
  const watcher = openWatcher(current.file, () => {
    clearTimeout(timer);
    timer = setTimeout(reload, settleMs);
    timer.unref();
  });
  return {
    reload,
    close() {
      clearTimeout(timer);
      watcher?.close();
    },
  };
}

function openWatcher(file: string, onChange: () => void): FSWatcher | undefined {
  const name = basename(file);
  try {
    const watcher = watch(dirname(resolve(file)), (_event, changed) => {
      if (changed === null || changed === name) onChange();
    });
    watcher.unref();
    // A folder that disappears ends the watch; SIGHUP still reloads.
    watcher.on('error', () => watcher.close());
    return watcher;
  } catch {
    // No inotify left, say: SIGHUP still reloads.
    return undefined;
  }
}

/** Paths whose values differ, one line each; values are not shown, since headers may hold secrets. */
export function diffConfig(before: unknown, after: unknown, path = ''): string[] {
  if (JSON.stringify(before) === JSON.stringify(after)) return [];
  if (!isRecord(before) || !isRecord(after)) return [`changed ${path}`];
  const keys = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...keys].flatMap((key) => {
    const at = path === '' ? key : `${path}.${key}`;
    if (!(key in before)) return [`added ${at}`];
    if (!(key in after)) return [`removed ${at}`];
    return diffConfig(before[key], after[key], at);
  });
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
