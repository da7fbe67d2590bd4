import type { Clock } from '../platform/clock.ts';
import { Circuit, type CircuitSettings, defaultCircuitSettings } from './circuit.ts';
import { EndpointSignals } from './endpoint-signals.ts';

/** Live signals of every endpoint. */
export interface Signals {
  /** Signals of one endpoint, made at first use. */
  of(endpointId: string): EndpointSignals;
  all(): Iterable<readonly [endpointId: string, signals: EndpointSignals]>;
}

const maxEndpoints = 10_000;

/** Keeps signals for at most 10,000 endpoints; beyond that the one made first is forgotten. */
export function createSignals(clock: Clock, circuit: CircuitSettings = defaultCircuitSettings): Signals {
  const byEndpoint = new Map<string, EndpointSignals>();
  return {
    of(endpointId) {
      const known = byEndpoint.get(endpointId);
      if (known) return known;
      if (byEndpoint.size >= maxEndpoints) {
        const [oldest] = byEndpoint.keys();
        if (oldest !== undefined) byEndpoint.delete(oldest);
      }
      const made = new EndpointSignals(clock, new Circuit(circuit));
      byEndpoint.set(endpointId, made);
      return made;
    },
    all: () => byEndpoint.entries(),
  };
}
