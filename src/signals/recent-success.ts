/** How much one attempt counts against those before. */
const step = 0.25;
/** After this time half of what went wrong is forgiven, so that an endpoint without traffic is tried again. */
const forgivenMs = 5000;

/** Share of the very last attempts that went well: an outage shows within a few of them, whatever went well before. */
export class RecentSuccess {
  #failing = 0;
  #atMs = 0;

  note(isOk: boolean, nowMs: number): void {
    const failing = 1 - this.share(nowMs);
    this.#failing = failing + step * ((isOk ? 0 : 1) - failing);
    this.#atMs = nowMs;
  }

  share(nowMs: number): number {
    return 1 - this.#failing * 0.5 ** ((nowMs - this.#atMs) / forgivenMs);
  }
}
