import { type Instruction, numberIn, textIn } from './instruction.ts';
import { escaped } from './text-measures.ts';

const constrained = ['My answer is yes.', 'My answer is no.', 'My answer is maybe.'];

/** What form the answer must have, and what must stand in it. */
export const formatInstructions: readonly Instruction[] = [
  {
    id: 'detectable_content:number_placeholders',
    follows: (text, kwargs) => count(text, /\[.*?\]/g) >= numberIn(kwargs, 'num_placeholders'),
  },
  {
    id: 'detectable_content:postscript',
    follows: (text, kwargs) => postscript(textIn(kwargs, 'postscript_marker')).test(text.toLowerCase()),
  },
  {
    id: 'detectable_format:number_bullet_lists',
    follows: (text, kwargs) =>
      count(text, /^\s*\*[^*].*$/gm) + count(text, /^\s*-.*$/gm) === numberIn(kwargs, 'num_bullets'),
  },
  {
    id: 'detectable_format:constrained_response',
    follows: (text) => constrained.some((one) => text.includes(one)),
  },
  {
    id: 'detectable_format:number_highlighted_sections',
    follows(text, kwargs) {
      const single = filled(text, /\*[^\n*]*\*/g, /^\*+|\*+$/g);
      const double = filled(text, /\*\*[^\n*]*\*\*/g, /^\*\*|\*\*$/g);
      return single + double >= numberIn(kwargs, 'num_highlights');
    },
  },
  {
    id: 'detectable_format:multiple_sections',
    follows(text, kwargs) {
      const splitter = new RegExp(String.raw`\s?${escaped(textIn(kwargs, 'section_spliter'))}\s?\d+\s?`);
      return text.split(splitter).length - 1 >= numberIn(kwargs, 'num_sections');
    },
  },
  {
    id: 'detectable_format:json_format',
    follows(text) {
      const inside = text
        .trim()
        .replace(/^```(?:json|Json|JSON)?/, '')
        .replace(/```$/, '');
      try {
        JSON.parse(inside);
        return true;
      } catch {
        // No JSON: not followed.
        return false;
      }
    },
  },
  {
    id: 'detectable_format:title',
    follows: (text) => filled(text, /<<[^\n]+>>/g, /^<+|>+$/g) > 0,
  },
];

function count(text: string, pattern: RegExp): number {
  return text.match(pattern)?.length ?? 0;
}

/** Matches that hold more than their own marks. */
function filled(text: string, pattern: RegExp, marks: RegExp): number {
  return (text.match(pattern) ?? []).filter((one) => one.replace(marks, '').trim() !== '').length;
}

function postscript(marker: string): RegExp {
  if (marker === 'P.P.S') return /\s*p\.\s?p\.\s?s.*$/m;
  if (marker === 'P.S.') return /\s*p\.\s?s\..*$/m;
  return new RegExp(String.raw`\s*${escaped(marker.toLowerCase())}.*$`, 'm');
}
