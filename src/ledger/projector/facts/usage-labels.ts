import { sql } from 'kysely';
import type { Executor } from '../../books/post-transaction.ts';
import type { Booking, ExchangeDimensions } from '../books/booking.ts';
import { dayOf } from '../sums/time-slots.ts';

/** Free texts that rows are kept by. */
const labelKinds = ['job', 'model', 'upstreamModel', 'feature', 'project', 'endUser'] as const;
/** A kind of free text. */
export type LabelKind = (typeof labelKinds)[number];

/** What labels beyond the limit are kept under. */
const otherLabel = '(other)';

/** How many labels of a kind a customer may use a day; beyond it they share one, so that rows stay bounded. */
const labelLimits: { readonly [Kind in LabelKind]: number } = {
  job: 200,
  model: 500,
  upstreamModel: 500,
  feature: 500,
  project: 500,
  endUser: 20_000,
};

const cachedDays = 20_000;

interface CustomerDay {
  readonly dayMs: number;
  readonly customer: string;
  readonly byKind: { readonly [Kind in LabelKind]: Set<string> };
}

interface NewLabel {
  readonly day_ms: number;
  readonly gateway_id: string;
  readonly customer: string;
  readonly kind: LabelKind;
  readonly label: string;
}

/**
 * Keeps the labels of rows bounded: the first ones of a customer and day, in the order of the gateway's journal, keep
 * their name. Known labels are stored, so a rebuild from the same journal makes the same choice.
 */
export class UsageLabels {
  readonly #gatewayId: string;
  readonly #limits: { readonly [Kind in LabelKind]: number };
  readonly #days = new Map<string, CustomerDay>();
  #last: CustomerDay | undefined;
  #fresh: NewLabel[] = [];

  constructor(gatewayId: string, limits = labelLimits) {
    this.#gatewayId = gatewayId;
    this.#limits = limits;
  }

  /** Forgets what was learned; the database has what was committed. */
  clear(): void {
    this.#days.clear();
    this.#last = undefined;
    this.#fresh = [];
  }

  /** Reads the labels of the days that bookings touch, as far as they are not known yet. */
  async load(executor: Executor, bookings: readonly Booking[]): Promise<void> {
    this.#last = undefined;
    if (this.#days.size > cachedDays) this.#days.clear();
    const missing = new Map<string, { day_ms: number; customer: string }>();
    for (const { startedAtMs, dimensions } of bookings) {
      const day = dayOf(startedAtMs);
      const name = dayName(day, dimensions.customer);
      if (!this.#days.has(name)) missing.set(name, { day_ms: day, customer: dimensions.customer });
    }
    if (missing.size === 0) return;
    for (const [name, { day_ms: day, customer }] of missing) this.#days.set(name, emptyDay(day, customer));
    const { rows } = await sql<{ day_ms: bigint; customer: string; kind: LabelKind; label: string }>`
      SELECT known.day_ms, known.customer, known.kind, known.label
      FROM json_to_recordset(${JSON.stringify([...missing.values()])}::json) AS wanted(day_ms bigint, customer text)
      JOIN usage_label known ON known.day_ms = wanted.day_ms AND known.customer = wanted.customer
        AND known.gateway_id = ${this.#gatewayId}`.execute(executor);
    for (const { day_ms: day, customer, kind, label } of rows) {
      this.#days.get(dayName(Number(day), customer))?.byKind[kind].add(label);
    }
  }

  /** The same dimensions, with labels beyond the limit made one. */
  bound(startedAtMs: number, dimensions: ExchangeDimensions): ExchangeDimensions {
    const day = this.#dayOf(startedAtMs, dimensions.customer);
    let bounded: ExchangeDimensions | undefined;
    for (const kind of labelKinds) {
      if (this.#boundIn(day, kind, dimensions[kind]) === dimensions[kind]) continue;
      bounded = { ...(bounded ?? dimensions), [kind]: otherLabel };
    }
    return bounded ?? dimensions;
  }

  /** One label, or the one that stands for those beyond the limit. */
  boundLabel(
    place: { readonly startedAtMs: number; readonly customer: string; readonly kind: LabelKind },
    label: string,
  ): string {
    return this.#boundIn(this.#dayOf(place.startedAtMs, place.customer), place.kind, label);
  }

  #boundIn({ dayMs, customer, byKind }: CustomerDay, kind: LabelKind, label: string): string {
    if (label === '') return label;
    const labels = byKind[kind];
    if (labels.has(label)) return label;
    if (labels.size >= this.#limits[kind]) return otherLabel;
    labels.add(label);
    this.#fresh.push({ day_ms: dayMs, gateway_id: this.#gatewayId, customer, kind, label });
    return label;
  }

  #dayOf(startedAtMs: number, customer: string): CustomerDay {
    const day = dayOf(startedAtMs);
    const last = this.#last;
    // An exchange asks for each of its labels.
    if (last?.dayMs === day && last.customer === customer) return last;
    const name = dayName(day, customer);
    let known = this.#days.get(name);
    if (!known) this.#days.set(name, (known = emptyDay(day, customer)));
    this.#last = known;
    return known;
  }

  /** Writes the labels that are new since the last call. */
  async save(executor: Executor): Promise<void> {
    if (this.#fresh.length === 0) return;
    const rows = JSON.stringify(this.#fresh);
    this.#fresh = [];
    await sql`
      INSERT INTO usage_label (day_ms, gateway_id, customer, kind, label)
      SELECT day_ms, gateway_id, customer, kind, label FROM json_to_recordset(${rows}::json)
        AS r(day_ms bigint, gateway_id text, customer text, kind text, label text)
      ON CONFLICT DO NOTHING`.execute(executor);
  }
}

function emptyDay(dayMs: number, customer: string): CustomerDay {
  return {
    dayMs,
    customer,
    byKind: {
      job: new Set(),
      model: new Set(),
      upstreamModel: new Set(),
      feature: new Set(),
      project: new Set(),
      endUser: new Set(),
    },
  };
}

function dayName(dayMs: number, customer: string): string {
  return `${dayMs}/${customer}`;
}
