// Replays graded sets along a calendar: models enter on the day they were released, at the prices of that day, and each
// job adopts or refuses them by the product's own rollout. `npm run exhibit:timeline -- --data DIR [--out FILE]`.
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { listSets, loadSet } from '../src/cli/offline/bench-routing/load-set.ts';
import { readPriceHistory } from './lib/exhibit/price-history.ts';
import { releases } from './lib/exhibit/release-dates.ts';
import { type Timeline, timelineOf } from './lib/exhibit/timeline.ts';
import { timelinePage } from './lib/exhibit/timeline-page.ts';
import { timelineText } from './lib/exhibit/timeline-text.ts';

const incumbents = ['gpt-4o-2024-05-13'];
const to = '2024-12-31';
const fewestReleases = 5;

const { values } = parseArgs({
  options: {
    data: { type: 'string' },
    out: { type: 'string', default: 'exhibit-timeline.html' },
    items: { type: 'string', default: '400' },
    seed: { type: 'string', default: '1' },
  },
});
if (values.data === undefined) {
  process.stderr.write('usage: npm run exhibit:timeline -- --data DIR [--out FILE] [--items N] [--seed N]\n');
  process.exit(2);
}

const folder = (await hasSets(path.join(values.data, 'routing', 'train')))
  ? path.join(values.data, 'routing')
  : values.data;
const prices = await readPriceHistory([
  path.join(folder, '..', 'value', 'prices'),
  path.join(folder, 'prices'),
  path.join(values.data, 'prices'),
]);
const timelines: Timeline[] = [];
for (const name of newestOf(await listSets(path.join(folder, 'train')))) {
  const set = await loadSet(path.join(folder, 'train'), name);
  const incumbent = incumbents.find((model) => set.models.includes(model));
  const dated = releases.filter(({ model }) => set.models.includes(model));
  if (incumbent === undefined || !set.hasCosts || dated.length < fewestReleases) continue;
  const check = await loadSet(path.join(folder, 'check'), name);
  if (check.models.join() !== set.models.join()) continue;
  const settings = { incumbent, to, releases, prices, mostItems: Number(values.items), seed: Number(values.seed) };
  const timeline = timelineOf({ set, items: set.rows, traffic: check.rows, ...settings });
  timelines.push(timeline);
  process.stdout.write(`${timelineText(timeline).join('\n')}\n\n`);
}
if (timelines.length === 0) {
  process.stderr.write(
    `no set in ${folder} has costs, ${incumbents.join(' or ')} and ${fewestReleases} dated models\n`,
  );
  process.exit(1);
}
await writeFile(values.out, timelinePage(timelines));
process.stdout.write(`drawn: ${values.out}\n`);

async function hasSets(of: string): Promise<boolean> {
  return listSets(of).then(
    (names) => names.length > 0,
    () => false,
  );
}

/** Of snapshots of one set that a date tells apart, the last. */
function newestOf(names: readonly string[]): readonly string[] {
  const newest = new Map(names.map((name) => [name.replace(/-\d{4}-\d{2}-\d{2}$/, ''), name]));
  return [...newest.values()];
}
