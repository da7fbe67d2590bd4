import { fail, type Grader, pass, quoted } from './grader.ts';

const number = String.raw`[-−]?\$?(?:\d{1,3}(?:[,  ']\d{3})+|\d+)?(?:\.\d+)?`;
const marked = new RegExp(String.raw`(?:^|\n|\s)(?:A|Answer|####)\s*:?\s*\**\s*(${number})`, 'gi');
const any = new RegExp(String.raw`${number}(?:[eE][-+]?\d{1,3})?`, 'g');

/**
 * `{"numeric": "18", "tolerance": 0}`: the number after the last `A:`, `Answer:` or `####`, else the last number of
 * the text. With `"marker": "A:"` the number must follow the last such mark, as GSM8K demands. Thousands separators and
 * currency do not matter.
 */
export const numericGrader: Grader = {
  name: 'numeric',
  version: '1',
  refuses({ numeric, tolerance, marker }) {
    if (marker !== undefined && (typeof marker !== 'string' || marker === ''))
      return '"marker" is the text before the number';
    if (readNumber(String(numeric)) === undefined) return 'needs "numeric": the right number';
    const isTolerance = tolerance === undefined || (typeof tolerance === 'number' && tolerance >= 0);
    return isTolerance ? undefined : '"tolerance" is the largest difference, 0 or above';
  },
  grade({ text }, { numeric, tolerance = 0, marker }) {
    const wanted = readNumber(String(numeric)) ?? Number.NaN;
    const found = typeof marker === 'string' ? numberAfter(text, marker) : lastNumber(text);
    if (found === undefined) return fail('there is no number in the answer');
    const isRight = Math.abs(found - wanted) <= Number(tolerance) + Number.EPSILON * Math.abs(wanted);
    return isRight ? pass(`${found} is right`) : fail(`${quoted(String(found))} is not ${wanted}`);
  },
};

/** The number that an answer ends in, by its mark when it has one. */
function lastNumber(text: string): number | undefined {
  const byMark = [...text.matchAll(marked)].findLast(([, found]) => readNumber(found ?? '') !== undefined);
  if (byMark?.[1] !== undefined) return readNumber(byMark[1]);
  const found = [...text.matchAll(any)].findLast(([one]) => readNumber(one) !== undefined);
  return found && readNumber(found[0]);
}

/** The number right after the last mark, the line's end aside. */
function numberAfter(text: string, marker: string): number | undefined {
  const at = text.lastIndexOf(marker);
  if (at < 0) return undefined;
  const [line = ''] = text
    .slice(at + marker.length)
    .trimStart()
    .split('\n');
  return readNumber(line.replace(/[.\s]+$/, ''));
}

function readNumber(text: string): number | undefined {
  const plain = text
    .trim()
    .replace(/−/g, '-')
    .replace(/[$,  ']/g, '');
  if (!/^-?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d{1,3})?$/.test(plain)) return undefined;
  const value = Number(plain);
  return Number.isFinite(value) ? value : undefined;
}
