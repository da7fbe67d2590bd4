import type { MoneyPorts } from '../gateway/index.ts';
import { atCostPlan, type Plan, planAt } from '../domain/plan.ts';
import type { Clock } from '../platform/clock.ts';
import { ReservationGate, type SpendingRules } from '../tenants/index.ts';

/** Money as the gateway asks about it, with what changes it while the gateway runs. */
export interface Money {
  readonly ports: MoneyPorts;
  readonly gate: ReservationGate;
  setRules(rules: SpendingRules): void;
  /** Versions of each customer's plan; a customer that is not named pays what its requests cost. */
  setPlans(plans: ReadonlyMap<string, readonly Plan[]>): void;
  close(): void;
}

const sweepEveryMs = 60_000;

/** Opens the limits of one process and the terms of its customers, empty until somebody sets them. */
export function openMoney(clock: Clock): Money {
  const gate = new ReservationGate({ clock });
  let plans: ReadonlyMap<string, readonly Plan[]> = new Map();
  const sweeping = setInterval(() => gate.sweep(), sweepEveryMs);
  sweeping.unref();
  return {
    gate,
    ports: {
      gate,
      planOf: (customer, atMs) => planAt(plans.get(customer) ?? [], atMs) ?? atCostPlan,
      priceOf: (endpoint) => endpoint,
    },
    setRules: (rules) => gate.setRules(rules),
    setPlans(next) {
      plans = next;
    },
    close: () => clearInterval(sweeping),
  };
}
