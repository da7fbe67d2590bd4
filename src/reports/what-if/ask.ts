import type { LogColumns } from './log-columns.ts';
import { measureExposure } from './exposure.ts';
import { unchanged } from './redecide.ts';
import { type Replay, replayLog } from './replay.ts';
import type { WhatIfReport } from './what-if-report.ts';

/** "What if the price of this changed": a model, or a vendor or host with all its models. */
export interface PriceQuestion {
  readonly subject: string;
  /** New price over old one in parts per million. */
  readonly ratioPpm: bigint;
}

/** "What if this host were gone". */
export interface LossQuestion {
  readonly host: string;
  /** Requests per minute that each other host takes; hosts not named have no limit. */
  readonly requestsPerMinute?: ReadonlyMap<string, number>;
  /** Share of the lost requests of each minute, in parts per million, that the others have room for; else all. */
  readonly roomPpm?: number;
}

const common = [
  'charges stay as they are, except what is charged at cost',
  'requests that no choice among models was logged for keep their model',
];

/** Replays the log with another price; undefined when nothing in the log has this name. */
export function askPrice(log: LogColumns, { subject, ratioPpm }: PriceQuestion): WhatIfReport | undefined {
  const models = modelsOf(log, subject);
  const host = log.hosts.find(subject);
  if (models.length === 0 && host === undefined) return undefined;
  const isModel = new Uint8Array(log.models.size);
  for (const model of models) isModel[model] = 1;
  const circumstance = unchanged(log.models.size);
  // A model of several hosts becomes dearer by the part of them that the question is about: by what the log used.
  const factor = Number(ratioPpm) / 1e6;
  const shares = host === undefined ? undefined : hostShares(log, host);
  for (let model = 0; model < log.models.size; model++) {
    const share = isModel[model] === 1 ? 1 : (shares?.[model] ?? 0);
    circumstance.costFactor[model] = 1 + share * (factor - 1);
  }
  const replay: Replay = {
    circumstance,
    ratioPpm,
    frozen: {
      isAffected: (row) => isModel[log.model[row] ?? 0] === 1 || log.host[row] === host,
      outcomeOf: () => 'same',
    },
    hasRoom: () => true,
  };
  return report(log, replay, {
    question: `the price of ${subject} times ${Number(ratioPpm) / 1e6}`,
    assumptions: [
      ...common,
      're-decided: another model costs what was expected of it, off by as much as the logged one',
    ],
  });
}

/** Replays the log without a host; undefined when the log never used it. */
export function askLoss(log: LogColumns, question: LossQuestion): WhatIfReport | undefined {
  const host = log.hosts.find(question.host);
  if (host === undefined) return undefined;
  const circumstance = unchanged(log.models.size);
  for (const [model, hosts] of log.hostsOfModel)
    if (hosts.size === 1 && hosts.has(host)) circumstance.isGone[model] = 1;
  const room = new Room(log, host, question);
  const replay: Replay = {
    circumstance,
    ratioPpm: 1_000_000n,
    frozen: {
      isAffected: (row) => log.host[row] === host,
      outcomeOf(row) {
        const model = log.model[row] ?? 0;
        if (circumstance.isGone[model] === 1) return 'unserved';
        return room.take(row, model) ? 'moved' : 'unserved';
      },
    },
    hasRoom: (row, model) => room.takeAgain(row, model),
  };
  const limits =
    question.roomPpm === undefined && question.requestsPerMinute === undefined
      ? 'the other hosts have room for everything: give their limits to see what they cannot take'
      : 'the other hosts take no more than the limits given, minute by minute';
  return report(log, replay, {
    question: `${question.host} is gone`,
    assumptions: [...common, limits, 'the same model costs the same on its other hosts'],
  });
}

function report(
  log: LogColumns,
  replay: Replay,
  about: { readonly question: string; readonly assumptions: readonly string[] },
): WhatIfReport {
  return { ...about, requests: log.count, ...replayLog(log, replay), exposure: measureExposure(log) };
}

/** Models of this name, or of the vendor that stands before the slash in theirs. */
function modelsOf(log: LogColumns, subject: string): readonly number[] {
  return log.models.all().flatMap((name, model) => {
    return name === subject || name.startsWith(`${subject}/`) || name.split('/').at(-1) === subject ? [model] : [];
  });
}

function hostShares(log: LogColumns, host: number): Float64Array {
  const [all, here] = [new Float64Array(log.models.size), new Float64Array(log.models.size)];
  for (let row = 0; row < log.count; row++) {
    const model = log.model[row] ?? 0;
    all[model] = (all[model] ?? 0) + 1;
    if (log.host[row] === host) here[model] = (here[model] ?? 0) + 1;
  }
  // A model that was a candidate and never chosen is only known by its hosts.
  return all.map((count, model) => {
    if (count > 0) return (here[model] ?? 0) / count;
    const hosts = log.hostsOfModel.get(model);
    return hosts?.has(host) === true ? 1 / hosts.size : 0;
  });
}

/** What the remaining hosts can take, minute by minute. */
class Room {
  readonly #log: LogColumns;
  readonly #limitOf: Float64Array;
  readonly #roomPpm: number;
  readonly #lost: number;
  readonly #used: readonly [Map<number, number>, Map<number, number>];
  readonly #given: readonly [Map<number, number>, Map<number, number>] = [new Map(), new Map()];
  readonly #lostPerMinute = new Map<number, number>();

  constructor(log: LogColumns, lost: number, { requestsPerMinute, roomPpm }: LossQuestion) {
    this.#log = log;
    this.#lost = lost;
    this.#roomPpm = roomPpm ?? 1_000_000;
    this.#limitOf = Float64Array.from(log.hosts.all(), (name) => requestsPerMinute?.get(name) ?? Infinity);
    const used = new Map<number, number>();
    for (let row = 0; row < log.count; row++) {
      const minute = log.minute[row] ?? 0;
      if (log.host[row] === lost) this.#lostPerMinute.set(minute, (this.#lostPerMinute.get(minute) ?? 0) + 1);
      else bump(used, minute * log.hosts.size + (log.host[row] ?? 0));
    }
    this.#used = [used, new Map(used)];
  }

  /** Room in the replay with routing as it was. */
  take(row: number, model: number): boolean {
    return this.#take(row, model, 0);
  }

  /** Room in the replay that decides again; each has a count of its own. */
  takeAgain(row: number, model: number): boolean {
    return this.#take(row, model, 1);
  }

  #take(row: number, model: number, replay: 0 | 1): boolean {
    const minute = this.#log.minute[row] ?? 0;
    const given = this.#given[replay].get(minute) ?? 0;
    if ((given + 1) * 1_000_000 > (this.#lostPerMinute.get(minute) ?? 0) * this.#roomPpm) return false;
    for (const host of this.#log.hostsOfModel.get(model) ?? []) {
      if (host === this.#lost) continue;
      const place = minute * this.#log.hosts.size + host;
      if ((this.#used[replay].get(place) ?? 0) >= (this.#limitOf[host] ?? Infinity)) continue;
      bump(this.#used[replay], place);
      bump(this.#given[replay], minute);
      return true;
    }
    return false;
  }
}

function bump(counts: Map<number, number>, place: number): void {
  counts.set(place, (counts.get(place) ?? 0) + 1);
}
