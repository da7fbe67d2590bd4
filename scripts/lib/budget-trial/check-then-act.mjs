// @ts-check
/** @typedef {import('./stream-clients.mjs').Seen} Seen */

/**
 * What the same requests would have spent if each were let in as long as less than the limit is booked, and booked when
 * it has ended: at each recorded start one look, at each end one booking. Requests that were refused in truth would
 * have run; they cost and take what the recorded ones did, in turn.
 * @param {{ seen: readonly Seen[], chargeOf: (requestId: string) => bigint | undefined, limitNanos: bigint, lagMs: number }} recorded
 */
export function checkThenAct({ seen, chargeOf, limitNanos, lagMs }) {
  const known = seen.flatMap(({ requestId, status, startMs, endMs }) => {
    const chargeNanos = status === 200 && requestId !== undefined ? chargeOf(requestId) : undefined;
    return chargeNanos === undefined ? [] : [{ chargeNanos, tookMs: endMs - startMs }];
  });
  if (known.length === 0) return 0n;
  /** @type {{ atMs: number, nanos: bigint }[]} */
  const ends = [];
  let booked = 0n;
  let next = 0;
  for (const { startMs } of seen.toSorted((a, b) => a.startMs - b.startMs)) {
    ends.sort((a, b) => a.atMs - b.atMs);
    while (ends[0] !== undefined && ends[0].atMs <= startMs) booked += ends.shift()?.nanos ?? 0n;
    if (booked >= limitNanos) continue;
    const like = known[next % known.length];
    next += 1;
    if (like) ends.push({ atMs: startMs + like.tookMs + lagMs, nanos: like.chargeNanos });
  }
  return ends.reduce((sum, { nanos }) => sum + nanos, booked);
}
