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
@media (max-width: 40rem) { header { flex-wrap: wrap; } .card .figure { font-size: 1.45rem; } }
`;
