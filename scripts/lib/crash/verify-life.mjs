// @ts-check

/** @typedef {import('./read-journal.mjs').JournalFact} JournalFact */
/** @typedef {import('./run-load.mjs').Seen} Seen */

/**
 * Compares what clients saw of one life of the gateway with what its journal says after recovery. Returns one line for
 * each contradiction.
 * @param {readonly Seen[]} seen
 * @param {readonly JournalFact[]} facts
 * @returns {string[]}
 */
export function verifyLife(seen, facts) {
  const byRequest = groupByRequest(facts);
  return [...seen.flatMap((one) => verifyClient(one, byRequest)), ...verifyClosing(byRequest)];
}

/** @param {readonly JournalFact[]} facts */
function groupByRequest(facts) {
  /** @type {Map<string, JournalFact[]>} */
  const byRequest = new Map();
  for (const fact of facts) {
    const group = byRequest.get(fact.requestId);
    if (group) group.push(fact);
    else byRequest.set(fact.requestId, [fact]);
  }
  return byRequest;
}

/**
 * @param {Seen} one
 * @param {Map<string, JournalFact[]>} byRequest
 */
function verifyClient({ label, requestId, status, end }, byRequest) {
  if (end === 'none') return [];
  if (requestId === undefined) return [`${label}: an answer with status ${status} names no request`];
  const finals = (byRequest.get(requestId) ?? []).filter(({ type }) => type === 'final');
  const [final] = finals;
  if (final === undefined || finals.length > 1) {
    return [`${requestId} (${label}): the client saw the end, the journal has ${finals.length} final facts`];
  }
  const expected = end === 'good' ? 'completed' : 'failed';
  if (final.status === expected) return [];
  return [`${requestId} (${label}): the client saw a ${end} end, the journal says ${final.status}`];
}

/** @param {Map<string, JournalFact[]>} byRequest */
function verifyClosing(byRequest) {
  return [...byRequest].flatMap(([requestId, facts]) => {
    const count = (/** @type {string} */ type) => facts.filter((fact) => fact.type === type).length;
    const closings = count('final') + count('abort');
    if (count('open') !== 1 || closings !== 1) {
      return [`${requestId}: ${count('open')} open facts, closed ${closings} times`];
    }
    const final = facts.find(({ type }) => type === 'final');
    if (final === undefined || final.attempts === count('attempt')) return [];
    return [`${requestId}: ${count('attempt')} attempt facts where its final fact says ${final.attempts}`];
  });
}
