// @ts-check
// Adds up a journal by itself: it shares no code with the product, and knows facts told twice by their exchange.
import { readJournal } from '../crash/read-journal.mjs';

/**
 * @param {string} folder
 * @param {string} gatewayId
 */
export function sumJournal(folder, gatewayId) {
  /** @type {Map<string, { attempts: Map<number, bigint>, ended: boolean }>} */
  const exchanges = new Map();
  const sums = { facts: 0, exchanges: 0, costNanos: 0n, chargeNanos: 0n, ids: /** @type {Set<string>} */ (new Set()) };
  for (const read of readJournal(folder, gatewayId, 0)) {
    const fact = /** @type {any} */ (read);
    sums.facts += 1;
    const one = exchanges.get(fact.requestId) ?? { attempts: new Map(), ended: false };
    exchanges.set(fact.requestId, one);
    if (fact.type === 'attempt' && !one.attempts.has(fact.attempt)) {
      one.attempts.set(fact.attempt, BigInt(fact.costNanos ?? 0));
    }
    if ((fact.type !== 'final' && fact.type !== 'abort') || one.ended) continue;
    one.ended = true;
    const known = [...one.attempts.values()].reduce((sum, cost) => sum + cost, 0n);
    const told = BigInt(fact.costNanos ?? 0);
    sums.exchanges += 1;
    sums.costNanos += told > known ? told : known;
    sums.chargeNanos += fact.type === 'final' ? BigInt(fact.chargeNanos ?? 0) : 0n;
    if (fact.type === 'final') sums.ids.add(fact.requestId);
  }
  return sums;
}
