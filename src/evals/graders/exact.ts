import { fail, type Grader, pass, quoted } from './grader.ts';

/** `{"exact": "text"}`: the answer is this text, blanks around it aside. */
export const exactGrader: Grader = {
  name: 'exact',
  version: '1',
  refuses: ({ exact }) => (typeof exact === 'string' ? undefined : 'needs "exact": the text of the right answer'),
  grade({ text }, { exact }) {
    const wanted = String(exact).normalize('NFC').trim();
    const given = text.normalize('NFC').trim();
    return given === wanted ? pass('the text is the same') : fail(`${quoted(given)} is not ${quoted(wanted)}`);
  },
};
