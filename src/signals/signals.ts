import type { Clock } from '../platform/clock.ts';
import { Circuit, type CircuitSettings, defaultCircuitSettings } from './circuit.ts';
import { EndpointSignals } from './endpoint-signals.ts';

/** Live signals of every endpoint. */
export interface Signals {
  /** Signals of one endpoint, made at first use. */
  of(endpointId: string): EndpointSignals;
  /** Configured endpoints first. */
  all(): Iterable<readonly [endpointId: string, signals: EndpointSignals]>;
}

/** What may differ between gateways. */
export interface SignalsSettings {
  readonly circuit?: CircuitSettings;
  /** Does the configuration name the endpoint? Others are named by clients, who can name as many as they like. */
  isConfigured?(endpointId: string): boolean;
}

const maxConfigured = 10_000;
const maxPassing = 1000;

/** Keeps signals for every configured endpoint, and beside them for the 1,000 used last of those that clients name. */
export function createSignals(clock: Clock, settings: SignalsSettings = {}): Signals {
  const { circuit = defaultCircuitSettings } = settings;
  const isConfigured = (id: string): boolean => settings.isConfigured?.(id) ?? true;
  const configured = new Map<string, EndpointSignals>();
  /** In the order of their last use. */
  const passing = new Map<string, EndpointSignals>();
  const keep = (id: string, signals: EndpointSignals): void => {
    // Only reloads that change names again and again come this far.
    if (configured.size >= maxConfigured)
      for (const old of configured.keys()) if (!isConfigured(old)) configured.delete(old);
    if (configured.size < maxConfigured) configured.set(id, signals);
  };
  const makeRoom = (): void => {
    for (const [id, signals] of passing) {
      if (passing.size < maxPassing) return;
      passing.delete(id);
      // The configuration may have come to name it.
      if (isConfigured(id)) keep(id, signals);
    }
  };
  return {
    of(endpointId) {
      const known = configured.get(endpointId);
      if (known) return known;
      const used = passing.get(endpointId);
      if (used) {
        passing.delete(endpointId);
        passing.set(endpointId, used);
        return used;
      }
      const made = new EndpointSignals(clock, new Circuit(circuit));
      if (isConfigured(endpointId)) keep(endpointId, made);
      else {
        makeRoom();
        passing.set(endpointId, made);
      }
      return made;
    },
    *all() {
      yield* configured;
      yield* passing;
    },
  };
}
