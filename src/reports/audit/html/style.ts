/** Looks of the page in light, dark and print; no font, picture or script from anywhere else. */
export const pageStyle = `
:root{color-scheme:light dark;--paper:#f7f6f2;--card:#fff;--ink:#191b22;--soft:#5c6070;--faint:#8c90a0;--line:#e4e2da;
--accent:#2f5fe0;--good:#12805c;--bad:#c8372d;--warn:#b7791f;--shadow:0 1px 2px #1a1d2a0d,0 8px 28px #1a1d2a0f;
--c0:#2f5fe0;--c1:#e8853a;--c2:#149a8a;--c3:#9a55d6;--c4:#d9487d;--c5:#7a9a1f;--c6:#3fa9d9;--c7:#b9bcc8}
@media (prefers-color-scheme:dark){:root{--paper:#10121a;--card:#191c27;--ink:#eef0f7;--soft:#a7acbd;--faint:#7a8094;
--line:#2a2e3d;--accent:#7da2ff;--good:#4fd1a1;--bad:#ff7b6e;--warn:#f0bd62;--shadow:0 1px 0 #ffffff0a inset;
--c0:#7da2ff;--c1:#f5a566;--c2:#4fcbb9;--c3:#c08bf2;--c4:#f27fa9;--c5:#b5d456;--c6:#74cdf4;--c7:#5b6175}}
*{box-sizing:border-box}html{-webkit-text-size-adjust:100%}
body{margin:0;background:var(--paper);color:var(--ink);
font:15px/1.5 ui-sans-serif,system-ui,-apple-system,"Segoe UI",Roboto,"Open Sans","Helvetica Neue",Arial,sans-serif;
font-variant-numeric:tabular-nums}
main{max-width:1080px;margin:0 auto;padding:40px 24px 80px}
header.top{display:flex;flex-wrap:wrap;gap:8px 24px;justify-content:space-between;align-items:baseline;color:var(--soft)}
.brand{font-weight:650;letter-spacing:.02em;color:var(--ink)}
.brand i{display:inline-block;width:10px;height:10px;border-radius:3px;background:var(--accent);margin-right:8px}
.hero{margin:34px 0 30px}.hero p{margin:0;color:var(--soft);max-width:46em}
.hero h1{font-size:clamp(46px,8.5vw,86px);line-height:1.02;letter-spacing:-.035em;margin:2px 0 12px;font-weight:680}
.badge{display:inline-block;padding:2px 10px;border-radius:99px;font-size:13px;font-weight:600;border:1px solid currentColor}
.badge.ok{color:var(--good)}.badge.gap{color:var(--bad)}.badge.unproven{color:var(--warn);border-style:dashed}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(210px,1fr));gap:14px;margin:0 0 26px}
.tile,section{background:var(--card);border:1px solid var(--line);border-radius:16px;box-shadow:var(--shadow)}
.tile{padding:16px 18px}.tile b{display:block;font-size:25px;letter-spacing:-.02em;font-weight:650;margin:2px 0}
.tile span{color:var(--soft);font-size:13px}.tile .k{color:var(--soft);font-size:13px;font-weight:600}
.bad{color:var(--bad)}.good{color:var(--good)}.warn{color:var(--warn)}.struck{text-decoration:line-through;text-decoration-thickness:1.5px}
section{padding:24px 26px;margin:0 0 22px}section h2{font-size:20px;letter-spacing:-.01em;margin:0 0 2px}
section>p{color:var(--soft);margin:0 0 14px;max-width:60em}
.three{display:grid;grid-template-columns:repeat(auto-fit,minmax(280px,1fr));gap:22px}.three section{margin:0}
.three{margin:0 0 22px}
svg.chart{display:block;width:100%;height:auto;overflow:visible}
svg text{font-family:inherit;fill:var(--ink);font-size:13px}
svg text.axis{fill:var(--faint);font-size:12px}svg text.label{font-size:13px;fill:var(--soft)}
svg text.value{font-weight:620}svg .faint{fill:var(--faint);font-weight:400}
svg.bars text{font-size:14px}
.grid{stroke:var(--line);stroke-width:1}.grid.strong{stroke:var(--faint)}.tick{stroke:var(--faint)}
.track{fill:var(--line);opacity:.6}.bar{fill:var(--accent)}.bar.rest{fill:var(--c7)}
.s0{fill:var(--c0)}.s1{fill:var(--c1)}.s2{fill:var(--c2)}.s3{fill:var(--c3)}.s4{fill:var(--c4)}.s5{fill:var(--c5)}.s6{fill:var(--c6)}
.s7,.s-rest{fill:var(--c7)}
.legend{display:flex;flex-wrap:wrap;gap:4px 18px;list-style:none;margin:10px 0 0;padding:0;color:var(--soft);font-size:13px}
.legend svg{width:10px;height:10px;margin-right:7px}
.w-spent{fill:var(--c0)}.w-left{fill:var(--good)}.w-paid{fill:var(--bad)}
.w-bound{fill:url(#hatch-bound);stroke:var(--warn)}.w-unproven{fill:url(#hatch-unproven);stroke:var(--warn);stroke-dasharray:5 4}
.p-unproven{fill:var(--warn);opacity:.55}.p-unproven-back{fill:var(--card)}.p-bound{fill:var(--warn)}.p-bound-back{fill:var(--card)}
.bridge{stroke:var(--faint);stroke-dasharray:2 3}svg text.mark{font-size:12px;fill:var(--faint)}
svg text.m-unproven,svg text.m-bound{fill:var(--warn);font-weight:600}svg text.m-paid{fill:var(--bad)}
.stem{stroke-width:2.5}.stem.rise{stroke:var(--bad)}.stem.cut{stroke:var(--good)}
.dot{stroke:var(--card);stroke-width:2}.dot.rise{fill:var(--bad)}.dot.cut{fill:var(--good)}
details{margin-top:14px}summary{cursor:pointer;color:var(--accent);font-size:13px;font-weight:600;width:max-content}
.scroll{overflow-x:auto;margin-top:10px}
table{border-collapse:collapse;width:100%;font-size:13.5px}caption{text-align:left;color:var(--faint);font-size:12.5px;padding:0 0 6px}
th,td{text-align:left;padding:7px 12px 7px 0;border-bottom:1px solid var(--line);vertical-align:top;overflow-wrap:anywhere}
th.number,td.number{text-align:right;white-space:nowrap}th{color:var(--soft);font-weight:600;white-space:nowrap}
td:first-child{min-width:10em}td.number+td:not(.number),th.number+th:not(.number){padding-left:14px}
th button{all:unset;cursor:pointer}th button:focus-visible,summary:focus-visible{outline:2px solid var(--accent);outline-offset:3px}
th[aria-sort=ascending] button::after{content:" \\2191"}th[aria-sort=descending] button::after{content:" \\2193"}
code{font:12.5px/1.45 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;background:var(--paper);border:1px solid var(--line);
border-radius:7px;padding:3px 7px;display:inline-block;overflow-wrap:anywhere;white-space:pre-wrap}
ul.notes{margin:0;padding-left:18px;color:var(--soft)}ul.notes li{margin:3px 0}
footer{color:var(--faint);font-size:13px;margin-top:30px}
@media (max-width:640px){main{padding:24px 14px 48px}section{padding:18px 16px;overflow-x:auto}
svg.chart:not(.bars){width:760px}.scroll table{min-width:640px}.tiles{grid-template-columns:1fr 1fr}
.tile{padding:12px 14px}.tile b{font-size:21px}}
@media print{:root{color-scheme:light;--paper:#fff;--card:#fff;--ink:#191b22;--soft:#474b59;--faint:#6b6f7d;--line:#d9d7cf;
--accent:#2f5fe0;--good:#12805c;--bad:#c8372d;--warn:#8a5a12;--shadow:none;
--c0:#2f5fe0;--c1:#e8853a;--c2:#149a8a;--c3:#9a55d6;--c4:#d9487d;--c5:#7a9a1f;--c6:#3fa9d9;--c7:#b9bcc8}
main{padding:0;max-width:none}section,.tile,tr{break-inside:avoid}h2{break-after:avoid}
.tiles{grid-template-columns:repeat(4,1fr)}.three{grid-template-columns:repeat(3,1fr);gap:12px}.three section{padding:16px 14px}
details{display:none}*{-webkit-print-color-adjust:exact;print-color-adjust:exact}}
`.trim();
