import type { Adoption } from './adopt.ts';
import { type Figure, type Timeline, ways } from './timeline.ts';

/** The timeline in lines of text. */
export function timelineText(timeline: Timeline): string[] {
  const { set, incumbent, from, to, items, leftOut, pricedByHistory } = timeline;
  const graded = Object.entries(items).map(([job, count]) => `${count} of ${job}`);
  return [
    `${set}, ${from} to ${to}, starting with ${incumbent}; at most ${graded.join(', ')} items graded for a decision`,
    pricedByHistory.length > 0
      ? `prices by day from recorded changes: ${pricedByHistory.join(', ')}; all others at the set's own price`
      : "no recorded change of price matches a model of this set: all at the set's own price",
    `release dates that no page was read for: ${timeline.unreadDates.join(', ') || 'none'}`,
    `left out, no release date that somebody vouches for: ${leftOut.join(', ') || 'none'}`,
    '',
    ...ways.map((way) => {
      const { usd, quality } = timeline.total[way];
      return `${way.padEnd(18)} quality ${percentText(quality)}   USD per 1,000 requests ${usdText(usd)}`;
    }),
    '',
    ...timeline.adoptions.filter(({ verdict }) => verdict !== 'not tried').map(adoptionText),
    `not tried because they cost as much or more: ${timeline.adoptions.filter(({ verdict }) => verdict === 'not tried').length}`,
  ];
}

/** One decision in a line. */
export function adoptionText(one: Adoption): string {
  const cost = `${(100 * one.costRatio).toFixed(one.costRatio < 0.1 ? 1 : 0)}% of the cost`;
  const bounds = one.interval ? ` [${points(one.interval[0])}, ${points(one.interval[1])}]` : '';
  return (
    `${one.day}  ${one.verdict.padEnd(10)} ${one.job.padEnd(6)} ${one.candidate} for ${one.incumbent}, ${cost}: ` +
    `${one.wins} better, ${one.losses} worse of ${one.pairs}; ${points(one.difference)} points${bounds}; ${one.reason}`
  );
}

/** A share with its interval, in percent. */
export function percentText({ mean, interval }: Figure): string {
  return `${points(mean)}% [${points(interval[0])}, ${points(interval[1])}]`;
}

/** An amount with its interval. */
export function usdText({ mean, interval }: Figure): string {
  return `${mean.toFixed(3)} [${interval[0].toFixed(3)}, ${interval[1].toFixed(3)}]`;
}

function points(share: number): string {
  return (100 * share).toFixed(1);
}
