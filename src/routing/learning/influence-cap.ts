/** Whose evidence it is, and about what. */
export interface Witness {
  readonly job: string;
  readonly model: string;
  readonly key: string | undefined;
  readonly endUser: string | undefined;
  readonly atMs: number;
}

interface Shares {
  total: number;
  readonly byKey: Map<string, number>;
  readonly byEndUser: Map<string, number>;
}

const dayMs = 86_400_000;
/** Evidence of one key in a day that counts without anybody else's. */
const alonePerDay = 1000;
/** With others in the job: this much, and as much again as all the others give. */
const amongOthersPerDay = 100;
/** One end user's evidence about one model in one job. */
const endUserPerDay = 5;
const mostSubjects = 20_000;
const mostWitnesses = 2000;

/**
 * Bounds what one key, or one end user behind it, can make routing believe in a day: a stream of false outcomes moves
 * an estimate by no more than the honest ones beside it.
 */
export class InfluenceCap {
  readonly #subjects = new Map<string, Shares>();
  #day = -1;

  /** The part of a weight that still counts, which is then taken. */
  take(witness: Witness, weight: number): number {
    const shares = this.#sharesOf(witness);
    const { key = '', endUser } = witness;
    const own = shares.byKey.get(key) ?? 0;
    const others = shares.total - own;
    const limit = others > 0 ? amongOthersPerDay + others : alonePerDay;
    let room = Math.min(weight, Math.max(0, limit - own));
    if (endUser !== undefined) room = Math.min(room, endUserPerDay - (shares.byEndUser.get(endUser) ?? 0));
    if (room <= 0) return 0;
    shares.total += room;
    count(shares.byKey, key, room);
    if (endUser !== undefined) count(shares.byEndUser, endUser, room);
    return room;
  }

  /** Gives back what an outcome that was taken back had used. */
  giveBack(witness: Witness, weight: number): void {
    if (Math.floor(witness.atMs / dayMs) !== this.#day) return;
    const shares = this.#sharesOf(witness);
    shares.total -= weight;
    count(shares.byKey, witness.key ?? '', -weight);
    if (witness.endUser !== undefined) count(shares.byEndUser, witness.endUser, -weight);
  }

  #sharesOf({ job, model, atMs }: Witness): Shares {
    const day = Math.floor(atMs / dayMs);
    // Late evidence counts against the day that is.
    if (day > this.#day) {
      this.#day = day;
      this.#subjects.clear();
    }
    const subject = `${job}\u0000${model}`;
    const known = this.#subjects.get(subject);
    if (known) return known;
    if (this.#subjects.size >= mostSubjects) this.#subjects.clear();
    const fresh = { total: 0, byKey: new Map<string, number>(), byEndUser: new Map<string, number>() };
    this.#subjects.set(subject, fresh);
    return fresh;
  }
}

/** Beyond the bound all further ones share the place of the last: more witnesses never mean more influence. */
function count(shares: Map<string, number>, name: string, weight: number): void {
  const place = shares.has(name) || shares.size < mostWitnesses ? name : '';
  shares.set(place, (shares.get(place) ?? 0) + weight);
}
