import type { Endpoint, Host } from '../domain/calls/endpoint.ts';
import { Fault } from '../domain/faults/fault.ts';
import type { ObjectCall, UpstreamRequest } from '../providers/contract.ts';
import type { BufferedAnswer, BufferedEnd } from './attempts/buffered-attempt.ts';
import type { DispatchDeps } from './dispatch-plan.ts';
import { findPool, type RunningAttempt, startBuffered, unsigned } from './exchange-attempts.ts';

/** An endpoint without a model: calls about objects are addressed to a host, and nothing is routed. */
export function endpointOfHost(host: Host): Endpoint {
  return {
    id: host.id,
    modelName: '',
    host,
    upstreamModel: '',
    weight: 1,
    price: undefined,
    limits: {},
    capabilities: {},
  };
}

/**
 * One call to one host about an object that it keeps: no other host could answer, so nothing is tried twice. What the
 * host does not know is `not_found`.
 */
export async function callHost(call: ObjectCall, host: Host, deps: DispatchDeps): Promise<BufferedAnswer | Fault> {
  const endpoint = endpointOfHost(host);
  let running: RunningAttempt | undefined;
  let expire: (fault: Fault) => void = () => undefined;
  const expired = new Promise<Fault>((resolve) => {
    expire = resolve;
  });
  const deadline = deps.wheel.after(host.timeouts.totalMs, () => {
    const fault = new Fault('deadline_exceeded');
    running?.abort(fault);
    expire(fault);
  });
  try {
    // A token that never comes is no reason to wait for ever.
    const request = await Promise.race([signedRequest(call, endpoint, deps), expired]);
    if (Fault.is(request)) return request;
    const pool = findPool(endpoint, request, deps);
    if (Fault.is(pool)) return pool;
    const started = startBuffered({ endpoint, request, pool }, deps);
    running = started.running;
    return answerOf(await started.ended, host);
  } finally {
    deadline.cancel();
  }
}

function answerOf(end: BufferedEnd, host: Host): BufferedAnswer | Fault {
  if (end.kind === 'answered') return end.answer;
  if (end.kind === 'cancelled') return new Fault('client_gone');
  if (end.fault.upstreamStatus !== 404) return end.fault;
  return new Fault('not_found', { message: `The host "${host.id}" does not know this object.`, upstreamStatus: 404 });
}

async function signedRequest(
  call: ObjectCall,
  endpoint: Endpoint,
  deps: DispatchDeps,
): Promise<UpstreamRequest | Fault> {
  const provider = deps.providerOf(endpoint);
  const request = provider.encodeObjectCall(call, endpoint);
  if (!request) {
    const message = `The host "${endpoint.host.id}" does not offer files, batches or stored responses.`;
    return new Fault('unsupported_feature', { message });
  }
  try {
    return await provider.sign(request, endpoint);
  } catch (error) {
    return unsigned(error);
  }
}
