import type { Saving } from '../../reports/index.ts';
import { barLength, countText, usdText } from './amounts.ts';
import { html, type Html } from './html.ts';
import { percentText, returnHref } from './return-texts.ts';

/** The waterfall as a table: every step with its bar, struck through while nobody knows that quality was kept. */
export function savingTable(job: string, saving: Saving): Html {
  const { parity, baselineNanos, actualNanos, savedNanos, layers, restNanos, requests } = saving;
  const href = returnHref(job, 'all');
  let left = baselineNanos;
  const steps = layers.map(({ name, savedNanos: saved, note }) => {
    left -= saved;
    return { name, note, saved, top: saved > 0n ? left + saved : left };
  });
  const tops = [baselineNanos, actualNanos, ...steps.map(({ top }) => top)];
  const largest = tops.reduce((most, one) => (one > most ? one : most), 0n);
  const kind = parity.isProven ? 'saved' : 'unproven';
  const share = baselineNanos === 0n ? 0 : Number((savedNanos * 10_000n) / baselineNanos) / 10_000;
  const whole = (name: string, nanos: bigint): Html =>
    html`<tr class="whole">
      <th scope="row"><a href="${href}">${name}</a></th>
      ${bar({ from: 0n, to: nanos, largest, kind: 'cost' })}
      <td class="amount">${usdText(nanos)}</td>
    </tr>`;
  return html`<div class="waterfall">
    <p>
      <span class="badge ${kind}">${parity.isProven ? 'parity holds' : 'parity not proven'}</span>
      Estimated saving against always ${parity.baseline}:
      <strong>${struck(`${usdText(savedNanos)} (${percentText(share)})`, parity.isProven)}</strong>
      <span class="more">over ${countText(requests)} requests. ${sentence(parity.detail)}</span>
    </p>
    <table>
      <caption class="hidden">
        From the cost of the baseline to what was paid
      </caption>
      ${whole(`always ${parity.baseline}`, baselineNanos)}
      ${steps.map(
        ({ name, note, saved, top }) =>
          html`<tr>
            <th scope="row"><a href="${href}">${name}</a><span>${note}</span></th>
            ${bar({ from: top - absolute(saved), to: top, largest, kind: saved < 0n && parity.isProven ? 'dearer' : kind })}
            <td class="amount">${struck(changeText(-saved), parity.isProven || saved === 0n)}</td>
          </tr>`,
      )}
      ${
        restNanos !== 0n &&
        html`<tr>
          <th scope="row">not for sure<span>what no layer explains beyond its interval</span></th>
          ${bar({ from: actualNanos < left ? actualNanos : left, to: actualNanos < left ? left : actualNanos, largest, kind: 'rest' })}
          <td class="amount">${struck(changeText(-restNanos), parity.isProven)}</td>
        </tr>`
      }
      ${whole('paid', actualNanos)}
    </table>
  </div>`;
}

const barScale = 1000;

function bar({ from, to, largest, kind }: { from: bigint; to: bigint; largest: bigint; kind: string }): Html {
  const x = from <= 0n ? 0 : barLength(from, largest, barScale);
  const width = to > from ? Math.max(4, barLength(to, largest, barScale) - x) : 0;
  return html`<td class="bar" aria-hidden="true">
    <svg viewBox="0 0 ${barScale} 10" preserveAspectRatio="none">
      <rect class="${kind}" x="${x}" width="${width}" height="10" />
    </svg>
  </td>`;
}

function struck(text: string, isProven: boolean): Html {
  return isProven ? html`${text}` : html`<s>${text}</s>`;
}

/** A change of the cost with its sign. */
function changeText(nanos: bigint): string {
  return `${nanos > 0n ? '+' : ''}${usdText(nanos)}`;
}

function sentence(text: string): string {
  return `${text.slice(0, 1).toUpperCase()}${text.slice(1)}.`;
}

function absolute(nanos: bigint): bigint {
  return nanos < 0n ? -nanos : nanos;
}
