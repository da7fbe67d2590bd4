import { appendFile, mkdir, rename, stat } from 'node:fs/promises';
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Clock } from '../../platform/clock.ts';
import type { Logger } from '../../platform/logger.ts';
import type { FunctionInstance, FunctionSpec, ProcessLine } from '../functions/index.ts';
import { cutText, type LogLine, redactor } from '../functions/log-line.ts';
import { LogRing } from './log-ring.ts';

/** Which lines of an app to read. */
export interface LogQuery {
  readonly after?: number | undefined;
  readonly search?: string | undefined;
  readonly version?: string | undefined;
  readonly requestId?: string | undefined;
  readonly level?: LogLine['level'] | undefined;
  readonly limit: number;
}

/** What a log book is kept with. */
export interface LogBookSettings {
  readonly folder: string;
  readonly clock: Clock;
  readonly logger: Logger;
}

const flushEveryMs = 200;
const rotateBytes = 8 * 1024 * 1024;
const ringBytes = 1024 * 1024;
const windowMs = 1000;
/** An app may log this much in a second; beyond it lines are dropped, beyond the second figure the guest is held. */
const windowBytes = 256 * 1024;
const holdBytes = 4 * 1024 * 1024;

interface AppLog {
  readonly ring: LogRing;
  readonly waiting: Set<() => void>;
  unwritten: string;
  windowEndsAtMs: number;
  windowUsed: number;
  droppedBytes: number;
}

/** The last lines of each app in memory, all of them in files: framed by us, guest text is only ever a value. */
export class LogBook {
  readonly #settings: LogBookSettings;
  readonly #apps = new Map<string, AppLog>();
  readonly #timer: NodeJS.Timeout;
  #flushing: Promise<void> = Promise.resolve();
  #sequence = 0;
  #isClosed = false;

  constructor(settings: LogBookSettings) {
    this.#settings = settings;
    // Sequences of earlier runs are smaller, so that readers can go on where they were.
    this.#sequence = settings.clock.nowMs() * 1000;
    this.#timer = setInterval(() => void this.flush(), flushEveryMs);
    this.#timer.unref();
  }

  /** Takes a line of a process. */
  take(spec: FunctionSpec, line: ProcessLine, instance: FunctionInstance | undefined): void {
    const log = this.#of(spec.app);
    const nowMs = this.#settings.clock.monotonicMs();
    if (nowMs >= log.windowEndsAtMs) this.#turn(spec, log, nowMs);
    const sizeBytes = Buffer.byteLength(line.text) + line.dropped;
    log.windowUsed += sizeBytes;
    if (log.windowUsed > windowBytes) {
      log.droppedBytes += sizeBytes;
      if (log.windowUsed > holdBytes && instance !== undefined) hold(instance, log.windowEndsAtMs - nowMs);
      return;
    }
    const { text, truncatedBytes = 0 } = cutText(redactor(spec.secrets)(line.text));
    const cut = truncatedBytes + line.dropped;
    const { level, requestId, stream } = line;
    this.#write(spec, {
      level,
      stream,
      text,
      ...(requestId && { requestId }),
      ...(cut > 0 && { truncatedBytes: cut }),
    });
  }

  /** Writes a line of our own. */
  note(spec: Pick<FunctionSpec, 'app' | 'version'>, level: LogLine['level'], text: string): void {
    this.#write(spec, { level, stream: 'system', text: cutText(text).text });
  }

  /** Lines that fit, oldest first: those after a sequence, or the last ones. */
  read(app: string, query: LogQuery): LogLine[] {
    const fits = matcher(query);
    const lines = [...this.#of(app).ring.after(query.after ?? 0)].filter(fits);
    return query.after === undefined ? lines.slice(-query.limit) : lines.slice(0, query.limit);
  }

  /** Resolves true when an app wrote something, false after the time. */
  changed(app: string, waitMs: number): Promise<boolean> {
    const { waiting } = this.#of(app);
    return new Promise((resolve) => {
      const end = (hasChanged: boolean): void => {
        clearTimeout(timer);
        waiting.delete(done);
        resolve(hasChanged);
      };
      const done = (): void => end(true);
      const timer = setTimeout(() => end(false), waitMs);
      timer.unref();
      waiting.add(done);
    });
  }

  /** Nothing more will come. */
  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Brings what was taken to the files. */
  flush(): Promise<void> {
    this.#flushing = this.#flushing.then(async () => {
      for (const [app, log] of this.#apps) {
        if (log.unwritten === '') continue;
        const text = log.unwritten;
        log.unwritten = '';
        await this.#append(app, text).catch((error: unknown) =>
          this.#settings.logger.warn({ err: error, app }, 'the log of an app could not be written'),
        );
      }
    });
    return this.#flushing;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    clearInterval(this.#timer);
    for (const { waiting } of this.#apps.values()) for (const done of waiting) done();
    await this.flush();
  }

  #turn(spec: Pick<FunctionSpec, 'app' | 'version'>, log: AppLog, nowMs: number): void {
    const { droppedBytes } = log;
    log.windowEndsAtMs = nowMs + windowMs;
    log.windowUsed = 0;
    log.droppedBytes = 0;
    if (droppedBytes > 0)
      this.note(spec, 'warn', `${droppedBytes} bytes of output were dropped: more than ${windowBytes} in a second`);
  }

  #write(
    { app, version }: Pick<FunctionSpec, 'app' | 'version'>,
    line: Omit<LogLine, 'sequence' | 'atMs' | 'app' | 'version'>,
  ): void {
    const log = this.#of(app);
    const whole: LogLine = { sequence: ++this.#sequence, atMs: this.#settings.clock.nowMs(), app, version, ...line };
    const text = JSON.stringify(whole);
    log.ring.push(whole, text.length);
    // What cannot be written for long is not kept without bound.
    if (log.unwritten.length < rotateBytes) log.unwritten += `${text}\n`;
    for (const done of log.waiting) done();
  }

  #of(app: string): AppLog {
    const known = this.#apps.get(app);
    if (known !== undefined) return known;
    const ring = new LogRing(ringBytes);
    for (const line of readTail(this.#fileOf(app), ringBytes)) ring.push(line, JSON.stringify(line).length);
    const log = {
      ring,
      waiting: new Set<() => void>(),
      unwritten: '',
      windowEndsAtMs: 0,
      windowUsed: 0,
      droppedBytes: 0,
    };
    this.#apps.set(app, log);
    return log;
  }

  #fileOf(app: string): string {
    return join(this.#settings.folder, `${app}.ndjson`);
  }

  async #append(app: string, text: string): Promise<void> {
    const file = this.#fileOf(app);
    await mkdir(dirname(file), { recursive: true, mode: 0o700 });
    const sizeBytes = await stat(file).then(
      ({ size }) => size,
      () => 0,
    );
    if (sizeBytes > rotateBytes) await rename(file, `${file}.1`);
    await appendFile(file, text, { mode: 0o600 });
  }
}

function hold(instance: FunctionInstance, waitMs: number): void {
  instance.pauseOutput();
  setTimeout(() => instance.resumeOutput(), waitMs).unref();
}

const severity = { debug: 0, info: 1, warn: 2, error: 3 } as const;

function matcher({ search, version, requestId, level }: LogQuery): (line: LogLine) => boolean {
  const sought = search?.toLowerCase();
  return (line) =>
    (sought === undefined || line.text.toLowerCase().includes(sought)) &&
    (version === undefined || line.version === version) &&
    (requestId === undefined || line.requestId === requestId) &&
    (level === undefined || severity[line.level] >= severity[level]);
}

/** The last whole lines of a file; none when there is no file. */
function readTail(file: string, sizeBytes: number): LogLine[] {
  let descriptor: number;
  try {
    descriptor = openSync(file, 'r');
  } catch {
    // Nothing was written yet.
    return [];
  }
  try {
    const { size } = fstatSync(descriptor);
    const bytes = Buffer.alloc(Math.min(size, sizeBytes));
    readSync(descriptor, bytes, 0, bytes.length, size - bytes.length);
    const lines = bytes.toString('utf8').split('\n');
    return lines.flatMap((line) => parseLine(line) ?? []);
  } finally {
    closeSync(descriptor);
  }
}

function parseLine(line: string): LogLine | undefined {
  try {
    return JSON.parse(line) as LogLine;
  } catch {
    // The first line of a tail is mostly the end of one; a crash may have cut the last.
    return undefined;
  }
}
