const mostUnits = 100_000;

/** Tells units that were seen within a step from new ones: a long conversation was assigned once, not at every turn. */
export class SeenUnits {
  readonly #steps = new Map<string, { step: number; readonly units: Set<string> }>();

  /** Whether this is the first time. Beyond the bound nothing is new: what cannot be told apart is not counted. */
  isNew({ rolloutId, step }: { readonly rolloutId: string; readonly step: number }, unit: string): boolean {
    const known = this.#steps.get(rolloutId);
    const current = known?.step === step ? known : { step, units: new Set<string>() };
    if (current !== known) this.#steps.set(rolloutId, current);
    const { units } = current;
    if (units.has(unit) || units.size >= mostUnits) return false;
    units.add(unit);
    return true;
  }

  /** Forgets rollouts that are over. */
  keepOnly(running: ReadonlySet<string>): void {
    for (const id of this.#steps.keys()) if (!running.has(id)) this.#steps.delete(id);
  }
}
