import { detectLanguage } from './detect-language.ts';
import { type Instruction, numberIn, related, textIn } from './instruction.ts';
import { isLowerCase, isUpperCase, treebankTokens } from './text-measures.ts';

/** What depends on the language of the answer, or on how words are told apart in it. */
export const languageInstructions: readonly Instruction[] = [
  {
    id: 'language:response_language',
    follows(text, kwargs) {
      const found = detectLanguage(text);
      return found === undefined ? undefined : found === textIn(kwargs, 'language').slice(0, 2);
    },
  },
  { id: 'change_case:english_capital', follows: (text) => isUpperCase(text) && isEnglish(text) },
  { id: 'change_case:english_lowercase', follows: (text) => isLowerCase(text) && isEnglish(text) },
  {
    id: 'change_case:capital_word_frequency',
    follows(text, kwargs) {
      const capitals = treebankTokens(text).filter(isUpperCase).length;
      return related(capitals, textIn(kwargs, 'capital_relation'), numberIn(kwargs, 'capital_frequency'));
    },
  },
];

/** A single word or a list of names tells no language: then nothing is said. */
function isEnglish(text: string): boolean | undefined {
  const found = detectLanguage(text);
  return found === undefined ? undefined : found === 'en';
}
