/** The only style sheet: follows the reader's light or dark setting, and needs nothing from elsewhere. */
export const styles = `
:root {
  color-scheme: light dark;
  --ground: #f6f5f1; --card: #fffefb; --ink: #1c2126; --soft: #5b646d; --line: #e2dfd6;
  --accent: #1f6f6b; --accent-soft: #9fc9c4; --cost: #b9835a; --good: #2c7a4b; --bad: #b3402f;
  --note: #fbf1d9; --note-line: #e5cf95; --focus: #1f6f6b;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #14181b; --card: #1b2024; --ink: #e8e6e0; --soft: #9aa4ac; --line: #2d343a;
    --accent: #6cc0b8; --accent-soft: #2f5e5b; --cost: #c99a74; --good: #74c795; --bad: #ef8f7e;
    --note: #2c2718; --note-line: #5a4d24; --focus: #6cc0b8;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0; background: var(--ground); color: var(--ink);
  font: 16px/1.5 ui-sans-serif, system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", sans-serif;
}
a { color: inherit; text-decoration-color: var(--accent-soft); text-underline-offset: .2em; }
a:hover { color: var(--accent); text-decoration-color: currentColor; }
:focus-visible { outline: 2px solid var(--focus); outline-offset: 3px; border-radius: 4px; }
.skip { position: absolute; left: -100vw; }
.skip:focus { left: 1rem; top: 1rem; background: var(--card); padding: .5rem 1rem; z-index: 1; }
header, main, footer { max-width: 72rem; margin: 0 auto; padding: 0 1.5rem; }
header { display: flex; align-items: center; gap: 1rem; padding-top: 1.5rem; padding-bottom: 1rem; }
header .name { font-weight: 650; letter-spacing: -.01em; font-size: 1.05rem; text-decoration: none; }
header .mark { width: 1.35rem; height: 1.35rem; color: var(--accent); flex: none; }
header .who { margin-left: auto; color: var(--soft); font-size: .9rem; }
button {
  font: inherit; color: var(--ink); background: transparent; border: 1px solid var(--line); border-radius: 8px;
  padding: .35rem .9rem; cursor: pointer;
}
button:hover { border-color: var(--accent); color: var(--accent); }
button.strong { background: var(--accent); border-color: var(--accent); color: var(--card); font-weight: 600; }
button.strong:hover { filter: brightness(1.08); color: var(--card); }
h1 { font-size: 1.6rem; letter-spacing: -.02em; line-height: 1.2; margin: 1rem 0 .25rem; font-weight: 620; }
h2 { font-size: .95rem; margin: 0 0 .75rem; font-weight: 620; }
p.lead { color: var(--soft); margin: 0 0 1.5rem; }
.note {
  background: var(--note); border: 1px solid var(--note-line); border-radius: 10px; padding: .7rem 1rem; margin: 0 0 1.25rem;
}
.figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(13rem, 1fr)); gap: 1rem; margin: 0 0 1rem; }
.card { background: var(--card); border: 1px solid var(--line); border-radius: 14px; padding: 1.1rem 1.25rem; min-width: 0; }
a.card { display: block; text-decoration: none; transition: border-color .15s; }
a.card:hover { border-color: var(--accent); color: var(--ink); }
.card .label { color: var(--soft); font-size: .88rem; }
.card .figure {
  font-size: 1.75rem; line-height: 1.25; letter-spacing: -.02em; font-weight: 600; font-variant-numeric: tabular-nums;
  overflow-wrap: anywhere;
}
.card .more { color: var(--soft); font-size: .88rem; font-variant-numeric: tabular-nums; }
.wide { display: grid; grid-template-columns: repeat(auto-fit, minmax(20rem, 1fr)); gap: 1rem; margin: 0 0 1rem; }
.chart { width: 100%; height: 7rem; display: block; }
.chart .cost, .key .cost, .bar .cost { fill: var(--cost); }
.chart .charge, .key .charge, .bar .charge { fill: var(--accent); }
.chart .base { stroke: var(--line); }
.key { display: flex; gap: 1.25rem; color: var(--soft); font-size: .85rem; margin-top: .5rem; flex-wrap: wrap; }
.key svg { width: .7rem; height: .7rem; margin-right: .4rem; }
.scroll { overflow-x: auto; }
table { width: 100%; border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: .93rem; }
caption { text-align: left; color: var(--soft); padding-bottom: .5rem; }
th { text-align: left; font-weight: 550; color: var(--soft); font-size: .84rem; white-space: nowrap; }
th, td { padding: .42rem .75rem .42rem 0; border-bottom: 1px solid var(--line); vertical-align: middle; }
tr:last-child td { border-bottom: 0; }
td.amount, th.amount { text-align: right; white-space: nowrap; }
td:last-child, th:last-child { padding-right: 0; }
td.bar { width: 30%; min-width: 5rem; }
td.bar svg { width: 100%; height: .55rem; display: block; }
td.name { max-width: 16rem; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.good { color: var(--good); } .bad { color: var(--bad); }
.empty { color: var(--soft); margin: 0; }
.filters { display: flex; flex-wrap: wrap; gap: .75rem; align-items: end; margin: 0 0 1.25rem; }
.filters label { font-size: .85rem; color: var(--soft); display: grid; gap: .2rem; }
input {
  font: inherit; color: var(--ink); background: var(--card); border: 1px solid var(--line); border-radius: 8px;
  padding: .4rem .7rem; min-width: 0;
}
input:focus { border-color: var(--accent); }
.door { max-width: 26rem; margin: 12vh auto 0; }
.door form { display: grid; gap: .9rem; margin-top: 1.25rem; }
.door label { display: grid; gap: .35rem; font-weight: 550; }
.door .hint { color: var(--soft); font-size: .9rem; margin: 0; }
.door code { overflow-wrap: anywhere; }
footer { color: var(--soft); font-size: .85rem; padding-top: 1rem; padding-bottom: 2.5rem; }
h2.part { font-size: 1.15rem; margin: 2rem 0 .15rem; letter-spacing: -.01em; }
h3 { font-size: 1rem; margin: 0 0 .75rem; font-weight: 620; overflow-wrap: anywhere; }
h3 span { color: var(--soft); font-weight: 400; font-size: .88rem; margin-left: .5rem; }
.return { margin: 0 0 1rem; }
.more { color: var(--soft); font-size: .88rem; }
.facts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(13rem, 100%), 1fr)); gap: 1.1rem 1.75rem; }
.fact { min-width: 0; }
.fact .label { color: var(--soft); font-size: .88rem; }
.fact .figure { text-decoration-thickness: 1px; font-size: 1.4rem; }
.fact .more { margin-top: .2rem; }
.fact .interval { display: block; width: 100%; max-width: 14rem; height: .55rem; margin: .3rem 0 .1rem; }
.interval .ground { fill: var(--line); } .interval .range { fill: var(--accent-soft); } .interval .mid { fill: var(--accent); }
table.tight { font-size: .92rem; margin-top: .25rem; max-width: 16rem; }
table.tight th, table.tight td { padding: .18rem .6rem .18rem 0; border: 0; }
.waterfall { border-top: 1px solid var(--line); margin-top: 1.1rem; padding-top: .9rem; }
.waterfall p { margin: 0 0 .6rem; }
.waterfall th { white-space: normal; color: var(--ink); font-size: .93rem; font-weight: 500; width: 34%; }
.waterfall th span { display: block; color: var(--soft); font-weight: 400; font-size: .82rem; }
.waterfall .whole th, .waterfall .whole td { font-weight: 620; }
.waterfall td.bar { width: auto; }
.waterfall td.bar svg { height: 1rem; }
.waterfall tr:last-child th { border-bottom: 0; }
.bar .saved { fill: var(--accent); } .bar .dearer { fill: var(--bad); } .bar .unproven, .bar .rest { fill: var(--soft); opacity: .45; }
.badge { display: inline-block; border: 1px solid currentColor; border-radius: 99px; padding: 0 .6rem; font-size: .8rem; margin-right: .4rem; }
.badge.saved { color: var(--good); } .badge.unproven { color: var(--bad); }
s { text-decoration-thickness: 1.5px; }
.hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
@media (max-width: 40rem) { .waterfall td.bar { display: none; } .waterfall th { width: auto; } }
@media (max-width: 40rem) { header { flex-wrap: wrap; } .card .figure { font-size: 1.45rem; } }
`;
