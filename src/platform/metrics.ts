/** Names and values that tell series of one metric apart. */
export type Labels = { readonly [name: string]: string };

/** A number that only grows. */
export interface Counter {
  add(labels: Labels, amount?: number): void;
}

/** Distribution of observed values. */
export interface Histogram {
  observe(labels: Labels, value: number): void;
}

/** Registry that writes the Prometheus text format. */
export interface Metrics {
  counter(name: string, help: string): Counter;
  histogram(name: string, help: string, bounds: readonly number[]): Histogram;
  /** Value read at scrape time. */
  gauge(name: string, help: string, read: () => Iterable<readonly [Labels, number]>): void;
  /** Count that is kept elsewhere, read at scrape time. */
  total(name: string, help: string, read: () => Iterable<readonly [Labels, number]>): void;
  render(): string;
}

interface Family {
  readonly name: string;
  readonly help: string;
  readonly type: 'counter' | 'histogram' | 'gauge';
  lines(): Iterable<string>;
}

/** Beyond this many series of one metric further label sets are dropped: labels must stay few. */
const maxSeries = 10_000;

/** Makes an empty registry. */
export function createMetrics(): Metrics {
  const families: Family[] = [];
  const keyOf = rememberKeys();
  return {
    counter(name, help) {
      const series = new Map<string, number>();
      families.push({
        name,
        help,
        type: 'counter',
        lines: () => mapLines(series, (labels, value) => [`${name}${labels} ${value}`]),
      });
      return {
        add(labels, amount = 1) {
          const key = keyOf(labels);
          const known = series.get(key);
          if (known !== undefined || series.size < maxSeries) series.set(key, (known ?? 0) + amount);
        },
      };
    },
    histogram(name, help, bounds) {
      const series = new Map<string, HistogramSeries>();
      families.push({
        name,
        help,
        type: 'histogram',
        lines: () => mapLines(series, (labels, value) => histogramLines({ name, labels, bounds }, value)),
      });
      return { observe: (labels, value) => observe(series, keyOf(labels), { bounds, value }) };
    },
    gauge: (name, help, read) => families.push({ name, help, type: 'gauge', lines: () => readLines(name, read()) }),
    total: (name, help, read) => families.push({ name, help, type: 'counter', lines: () => readLines(name, read()) }),
    render() {
      const blocks = families.map(
        ({ name, help, type, lines }) => `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${[...lines()].join('\n')}\n`,
      );
      return blocks.join('');
    },
  };
}

interface HistogramSeries {
  readonly counts: number[];
  sum: number;
  count: number;
}

function observe(
  series: Map<string, HistogramSeries>,
  key: string,
  { bounds, value }: { bounds: readonly number[]; value: number },
): void {
  let one = series.get(key);
  if (!one) {
    if (series.size >= maxSeries) return;
    one = { counts: bounds.map(() => 0), sum: 0, count: 0 };
    series.set(key, one);
  }
  const cell = bounds.findIndex((bound) => value <= bound);
  if (cell >= 0) one.counts[cell] = (one.counts[cell] ?? 0) + 1;
  one.sum += value;
  one.count++;
}

function histogramLines(
  { name, labels, bounds }: { name: string; labels: string; bounds: readonly number[] },
  value: HistogramSeries,
): string[] {
  const inner = labels.slice(1, -1);
  const withBound = (bound: string): string => `{${inner}${inner === '' ? '' : ','}le="${bound}"}`;
  let running = 0;
  const lines = bounds.map((bound, cell) => {
    running += value.counts[cell] ?? 0;
    return `${name}_bucket${withBound(String(bound))} ${running}`;
  });
  return [
    ...lines,
    `${name}_bucket${withBound('+Inf')} ${value.count}`,
    `${name}_sum${labels} ${value.sum}`,
    `${name}_count${labels} ${value.count}`,
  ];
}

function* readLines(name: string, series: Iterable<readonly [Labels, number]>): Iterable<string> {
  for (const [labels, value] of series) yield `${name}${renderLabels(labels)} ${value}`;
}

function* mapLines<Value>(
  series: ReadonlyMap<string, Value>,
  toLines: (labels: string, value: Value) => string[],
): Iterable<string> {
  for (const [labels, value] of series) yield* toLines(labels, value);
}

/** Callers on the hot path pass the same labels object again and again: its text is made once. */
function rememberKeys(): (labels: Labels) => string {
  const known = new WeakMap<Labels, string>();
  return (labels) => {
    const found = known.get(labels);
    if (found !== undefined) return found;
    const key = renderLabels(labels);
    known.set(labels, key);
    return key;
  };
}

function renderLabels(labels: Labels): string {
  const inner = Object.entries(labels).map(([name, value]) => `${name}="${escapeLabel(value)}"`);
  return inner.length === 0 ? '' : `{${inner.join(',')}}`;
}

function escapeLabel(value: string): string {
  return /[\\"\n]/.test(value) ? value.replace(/\\/g, '\\\\').replace(/"/g, '\\"').replace(/\n/g, '\\n') : value;
}
