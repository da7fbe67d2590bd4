import { type Instruction, textIn } from './instruction.ts';

/** How the answer must begin, end and be divided. */
export const frameInstructions: readonly Instruction[] = [
  { id: 'punctuation:no_comma', follows: (text) => !text.includes(',') },
  {
    id: 'startend:quotation',
    follows(text) {
      const whole = text.trim();
      return whole.length > 1 && whole.startsWith('"') && whole.endsWith('"');
    },
  },
  {
    id: 'startend:end_checker',
    follows: (text, kwargs) =>
      text
        .trim()
        .replace(/^"+|"+$/g, '')
        .toLowerCase()
        .endsWith(textIn(kwargs, 'end_phrase').trim().toLowerCase()),
  },
  {
    id: 'combination:two_responses',
    follows(text) {
      const responses = text.split('******').map((one) => one.trim());
      if (responses.slice(1, -1).includes('')) return false;
      const [first, second, ...others] = responses.filter((one) => one !== '');
      return first !== undefined && second !== undefined && others.length === 0 && first !== second;
    },
  },
  {
    id: 'combination:repeat_prompt',
    follows: (text, kwargs) =>
      text.trim().toLowerCase().startsWith(textIn(kwargs, 'prompt_to_repeat').trim().toLowerCase()),
  },
];
