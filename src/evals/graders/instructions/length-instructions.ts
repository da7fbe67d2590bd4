import { type Instruction, numberIn, related, textIn } from './instruction.ts';
import { countWords, splitSentences } from './text-measures.ts';

/** How long the answer must be. */
export const lengthInstructions: readonly Instruction[] = [
  {
    id: 'length_constraints:number_words',
    follows: (text, kwargs) => related(countWords(text), textIn(kwargs, 'relation'), numberIn(kwargs, 'num_words')),
  },
  {
    id: 'length_constraints:number_sentences',
    follows: (text, kwargs) =>
      related(splitSentences(text).length, textIn(kwargs, 'relation'), numberIn(kwargs, 'num_sentences')),
  },
  {
    // Paragraphs are divided by three asterisks here.
    id: 'length_constraints:number_paragraphs',
    follows(text, kwargs) {
      const paragraphs = text.split(/\s?\*\*\*\s?/);
      const isEmptyInside = paragraphs.slice(1, -1).some((one) => one.trim() === '');
      if (isEmptyInside) return false;
      return paragraphs.filter((one) => one.trim() !== '').length === numberIn(kwargs, 'num_paragraphs');
    },
  },
  {
    id: 'length_constraints:nth_paragraph_first_word',
    follows(text, kwargs) {
      const paragraphs = text.split('\n\n');
      const count = paragraphs.filter((one) => one.trim() !== '').length;
      const nth = numberIn(kwargs, 'nth_paragraph');
      const paragraph = nth <= count ? (paragraphs[nth - 1] ?? '').trim() : '';
      if (paragraph === '') return false;
      const [word = ''] = paragraph.split(/\s+/);
      const [first = ''] = word
        .replace(/^'+/, '')
        .replace(/^"+/, '')
        .split(/[.,?!'"]/);
      const isWord = first.toLowerCase() === textIn(kwargs, 'first_word').toLowerCase();
      return count === numberIn(kwargs, 'num_paragraphs') && isWord;
    },
  },
];
