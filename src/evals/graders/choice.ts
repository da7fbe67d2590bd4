import { fail, type Grader, pass, quoted } from './grader.ts';

const stated =
  /(?:answer|choice|option)\s*(?:is|:|=)?\s*(?:option\s*)?[*_`"'(]*\s*([A-J])\b(?!\s*['’]\w)|\\boxed\{\s*(?:\\text\{)?\s*([A-J])\s*\}?\s*\}/gi;
const alone = /^[\s*_`"'([]*([A-Ja-j])[\s*_`"')\].:]*(?:$|\n)/;
const leading = /^[\s*_`"'([]*([A-J])[)\].:][\s*_]/;

/**
 * `{"choice": "C", "choices": 4}`: the letter that the answer states. Two different letters stated are no answer, so
 * that naming all of them does not win.
 */
export const choiceGrader: Grader = {
  name: 'choice',
  version: '1',
  refuses({ choice, choices }) {
    if (typeof choice !== 'string' || !/^[A-J]$/i.test(choice)) return 'needs "choice": one letter from A to J';
    const count = choices ?? 10;
    if (typeof count !== 'number' || !Number.isInteger(count) || count < 2 || count > 10)
      return '"choices" is how many letters there are, 2 to 10';
    return choice.toUpperCase().charCodeAt(0) - 64 > count ? `"${choice}" is beyond the ${count} choices` : undefined;
  },
  grade({ text }, { choice }) {
    const letters = statedLetters(text);
    const wanted = String(choice).toUpperCase();
    if (letters.length === 0) return fail(`no letter is stated in ${quoted(text.trim())}`);
    if (letters.length > 1) return fail(`several letters are stated: ${letters.join(', ')}`);
    return letters[0] === wanted ? pass(`${wanted} is right`) : fail(`${letters[0]} is not ${wanted}`);
  },
};

/** Different letters that a text states as its answer, in order. */
function statedLetters(text: string): readonly string[] {
  const whole = alone.exec(text)?.[1];
  if (whole !== undefined) return [whole.toUpperCase()];
  const found = [...text.matchAll(stated)].flatMap(([, plain, boxed]) => {
    const letter = plain ?? boxed;
    // A small a is mostly an article.
    return letter === undefined || letter === 'a' ? [] : [letter.toUpperCase()];
  });
  if (found.length > 0) return [...new Set(found)];
  const first = leading.exec(text)?.[1];
  return first === undefined ? [] : [first];
}
