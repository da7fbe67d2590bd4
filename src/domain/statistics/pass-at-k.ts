import { logChoose } from './mcnemar.ts';

/** Chance that at least one of `tries` samples is right, from `right` of `count` seen; undefined with too few samples. */
export function passAtK(right: number, count: number, tries: number): number | undefined {
  if (tries < 1 || tries > count) return undefined;
  return count - right < tries ? 1 : 1 - Math.exp(logChoose(count - right, tries) - logChoose(count, tries));
}

/** Chance that all of `tries` samples are right; undefined with too few samples. */
export function passAllK(right: number, count: number, tries: number): number | undefined {
  if (tries < 1 || tries > count) return undefined;
  return right < tries ? 0 : Math.exp(logChoose(right, tries) - logChoose(count, tries));
}
