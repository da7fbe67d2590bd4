import { type Instruction, numberIn, related, textIn, textsIn } from './instruction.ts';
import { escaped } from './text-measures.ts';

const wordCharacter = String.raw`[\p{L}\p{N}_]`;

/** What words and letters the answer must have or must not have. */
export const keywordInstructions: readonly Instruction[] = [
  {
    id: 'keywords:existence',
    follows: (text, kwargs) =>
      textsIn(kwargs, 'keywords').every((keyword) => new RegExp(escaped(keyword), 'iu').test(text)),
  },
  {
    id: 'keywords:frequency',
    follows(text, kwargs) {
      const found = text.match(new RegExp(escaped(textIn(kwargs, 'keyword')), 'giu'))?.length ?? 0;
      return related(found, textIn(kwargs, 'relation'), numberIn(kwargs, 'frequency'));
    },
  },
  {
    id: 'keywords:forbidden_words',
    follows: (text, kwargs) => !textsIn(kwargs, 'forbidden_words').some((word) => wholeWord(word).test(text)),
  },
  {
    id: 'keywords:letter_frequency',
    follows(text, kwargs) {
      const letter = textIn(kwargs, 'letter').toLowerCase();
      const found = letter === '' ? 0 : text.toLowerCase().split(letter).length - 1;
      return related(found, textIn(kwargs, 'let_relation'), numberIn(kwargs, 'let_frequency'));
    },
  },
];

/** At the bounds of words of any script, where JavaScript's own know ASCII only. */
function wholeWord(word: string): RegExp {
  const [first = '', last = ''] = [word.at(0), word.at(-1)];
  const isWord = (character: string): boolean => new RegExp(wordCharacter, 'u').test(character);
  const before = isWord(first) ? `(?<!${wordCharacter})` : `(?<=${wordCharacter})`;
  const after = isWord(last) ? `(?!${wordCharacter})` : `(?=${wordCharacter})`;
  return new RegExp(`${before}${escaped(word)}${after}`, 'iu');
}
