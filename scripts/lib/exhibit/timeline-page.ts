import { adoptionText, percentText, usdText } from './timeline-text.ts';
import { type Figure, type Stretch, type Timeline, type Way, ways } from './timeline.ts';

const colours: Readonly<Record<Way, string>> = {
  'incumbent held': '#8c90a0',
  'static best known': '#e8853a',
  Switchyard: '#2f5fe0',
};
const width = 960;
const height = 220;
const left = 60;
const style =
  'body{font:15px/1.5 system-ui,sans-serif;margin:0 auto;max-width:1040px;padding:32px 24px;color:#191b22;background:#fff}' +
  'table{border-collapse:collapse;width:100%}td,th{text-align:left;padding:4px 8px;border-bottom:1px solid #e4e2da}' +
  'svg{width:100%;height:auto}text{font:11px system-ui,sans-serif;fill:#5c6070}.adopted{color:#12805c}.refused{color:#c8372d}' +
  'li{margin:4px 0}i{display:inline-block;width:12px;height:12px;margin-right:6px}';

/** All timelines as one HTML file that loads nothing from anywhere. */
export function timelinePage(timelines: readonly Timeline[]): string {
  return [
    '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>The day a new model arrives</title>',
    `<style>${style}</style></head><body><h1>The day a new model arrives</h1>`,
    `<p>${ways.map((way) => `<i style="background:${colours[way]}"></i>${way} `).join('')}</p>`,
    ...timelines.flatMap(section),
    '</body></html>\n',
  ].join('\n');
}

function section(timeline: Timeline): string[] {
  const { set, incumbent, from, to, total, adoptions } = timeline;
  return [
    `<h2>${escape(set)}</h2><p>${from} to ${to}, starting with ${escape(incumbent)}.</p>`,
    '<table><tr><th>way</th><th>quality</th><th>USD per 1,000 requests</th></tr>',
    ...ways.map(
      (way) => `<tr><td>${way}</td><td>${percentText(total[way].quality)}</td><td>${usdText(total[way].usd)}</td></tr>`,
    ),
    '</table>',
    '<h3>Spend, USD per 1,000 requests</h3>',
    chart(timeline, (stretch, way) => stretch.figures[way].usd),
    '<h3>Quality</h3>',
    chart(timeline, (stretch, way) => stretch.figures[way].quality),
    '<h3>Decisions</h3><ul>',
    ...adoptions
      .filter(({ verdict }) => verdict !== 'not tried')
      .map((one) => `<li class="${one.verdict}">${escape(adoptionText(one))}</li>`),
    '</ul>',
  ];
}

/** Steps over time, with the interval as a band. */
function chart(timeline: Timeline, pick: (stretch: Stretch, way: Way) => Figure): string {
  const { stretches, from, to } = timeline;
  const start = Date.parse(from);
  const span = Math.max(1, Date.parse(to) - start);
  const figures = stretches.flatMap((stretch) => ways.map((way) => pick(stretch, way)));
  const high = Math.max(...figures.map(({ interval }) => interval[1]));
  const low = Math.min(...figures.map(({ interval }) => interval[0]));
  const x = (day: string): number => left + ((width - left) * (Date.parse(day) - start)) / span;
  const y = (value: number): number => height - 24 - ((height - 40) * (value - low)) / Math.max(1e-9, high - low);
  const parts = ways.flatMap((way) =>
    stretches.map((stretch, at) => {
      const { mean, interval } = pick(stretch, way);
      const [first, last] = [x(stretch.from), x(stretches[at + 1]?.from ?? to)];
      const band = `<rect x="${first}" y="${y(interval[1])}" width="${last - first}" height="${y(interval[0]) - y(interval[1])}" fill="${colours[way]}" opacity="0.12"/>`;
      return `${band}<path d="M${first} ${y(mean)}H${last}" stroke="${colours[way]}" stroke-width="2.5"/>`;
    }),
  );
  const ticks = stretches.map(
    ({ from: day, why }) =>
      `<line x1="${x(day)}" x2="${x(day)}" y1="8" y2="${height - 24}" stroke="#e4e2da"><title>${escape(`${day} ${why}`)}</title></line>`,
  );
  const labels =
    `<text x="0" y="${y(high) + 4}">${high.toPrecision(3)}</text><text x="0" y="${y(low) + 4}">${low.toPrecision(3)}</text>` +
    `<text x="${left}" y="${height - 6}">${from}</text><text x="${width - 70}" y="${height - 6}">${to}</text>`;
  return `<svg viewBox="0 0 ${width} ${height}" role="img">${ticks.join('')}${parts.join('')}${labels}</svg>`;
}

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
}
