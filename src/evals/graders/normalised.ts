import { fail, type Grader, pass, quoted } from './grader.ts';

/** `{"normalised": "text" | [texts]}`: the same words, whatever their case, blanks, punctuation and articles. */
export const normalisedGrader: Grader = {
  name: 'normalised',
  version: '1',
  refuses: ({ normalised }) =>
    wantedTexts(normalised).length > 0 ? undefined : 'needs "normalised": the right answer, or a list of right ones',
  grade({ text }, { normalised }) {
    const given = normalise(text);
    const wanted = wantedTexts(normalised);
    if (wanted.some((one) => normalise(one) === given)) return pass('the words are the same');
    return fail(`${quoted(text.trim())} is none of ${wanted.map((one) => quoted(one)).join(', ')}`);
  },
};

function wantedTexts(value: unknown): readonly string[] {
  const all: readonly unknown[] = Array.isArray(value) ? value : [value];
  return all.filter((one): one is string => typeof one === 'string' && normalise(one) !== '');
}

/** Compatible forms, lower case, no punctuation, no English articles, single blanks. */
function normalise(text: string): string {
  return text
    .normalize('NFKC')
    .toLowerCase()
    .replace(/\b(?:a|an|the)\b/g, ' ')
    .replace(/[\p{P}\p{S}]+/gu, ' ')
    .replace(/\s+/g, ' ')
    .trim();
}
