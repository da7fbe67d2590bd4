import { createHash } from 'node:crypto';
import type { CallBelief, JobBelief, RoutingState } from '../estimate/routing-state.ts';

/** Names a snapshot by what it holds: equal beliefs have equal names, in every process. */
export function stateDigest(state: RoutingState): string {
  const hash = createHash('sha256');
  hash.update(state.models.join('\u0000'));
  const addJob = ({ job, quality, evidence, errors, gapErrors, reference, graded }: JobBelief): void => {
    hash.update(`\n${job}\u0000${reference}\u0000${graded}`);
    for (const values of [quality, evidence, errors, gapErrors]) hash.update(bytesOf(values));
  };
  const addCalls = (job: string, { outputTokens, latencyMs }: CallBelief): void => {
    hash.update(`\n${job}`).update(bytesOf(outputTokens)).update(bytesOf(latencyMs));
  };
  addJob(state.unknownJob);
  addCalls('', state.unknownCalls);
  for (const [, belief] of sorted(state.jobs)) addJob(belief);
  for (const [job, calls] of sorted(state.calls)) addCalls(job, calls);
  hash.update(state.fit?.digest ?? '');
  if (state.featureKind !== undefined) hash.update(`\n${state.featureKind}`);
  return hash.digest('base64url').slice(0, 16);
}

function sorted<Value>(map: ReadonlyMap<string, Value>): (readonly [string, Value])[] {
  return [...map].sort(([left], [right]) => (left < right ? -1 : 1));
}

function bytesOf(values: Float64Array): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}
