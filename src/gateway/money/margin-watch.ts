const dayMs = 86_400_000;
const maxCustomers = 10_000;

/** Tells of charges under the margin floor of their plan: once per customer and day, since thousands may follow. */
export class MarginWatch {
  readonly #told = new Map<string, number>();

  /** Whether this one is to be told. */
  isNews(customer: string, atMs: number): boolean {
    const day = Math.floor(atMs / dayMs);
    if (this.#told.get(customer) === day) return false;
    // At the limit the oldest are forgotten: a second notice is better than none.
    const oldest = this.#told.size >= maxCustomers ? this.#told.keys().next().value : undefined;
    if (oldest !== undefined) this.#told.delete(oldest);
    this.#told.delete(customer);
    this.#told.set(customer, day);
    return true;
  }
}
