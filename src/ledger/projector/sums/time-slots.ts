import { idTimeMs } from '../../../platform/ids.ts';

/** Midnights of all time zones fall on a slot of this length. */
export const slotLengthMs = 900_000;
/** A minute. */
export const minuteMs = 60_000;
/** An hour. */
export const hourMs = 3_600_000;
/** A day of UTC. */
export const dayMs = 86_400_000;

/** Start of the slot of 15 minutes that an instant lies in. */
export function slotOf(atMs: number): number {
  return floorTo(atMs, slotLengthMs);
}

/** Start of an instant's minute. */
export function minuteOf(atMs: number): number {
  return floorTo(atMs, minuteMs);
}

/** Start of an instant's hour. */
export function hourOf(atMs: number): number {
  return floorTo(atMs, hourMs);
}

/** Start of an instant's day in UTC. */
export function dayOf(atMs: number): number {
  return floorTo(atMs, dayMs);
}

/** The day of a request's id. It never differs between two tellings, so both find the same row. */
export function birthDayOf(requestId: string): number {
  return dayOf(idTimeMs(requestId) ?? 0);
}

function floorTo(atMs: number, lengthMs: number): number {
  return Math.floor(atMs / lengthMs) * lengthMs;
}
