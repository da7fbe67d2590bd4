/** Markup that is safe to send: made by the `html` tag only. */
export interface Html {
  readonly markup: string;
}

/** What may stand in a template: text is escaped, markup is kept, lists are joined, nothing is left out. */
export type HtmlPart = string | number | bigint | Html | readonly HtmlPart[] | undefined | false;

/**
 * Writes markup in which every value is escaped, in text and in quoted attributes alike.
 *
 * @example
 * html`<p title="${name}">${name}</p>`;
 */
export function html(strings: TemplateStringsArray, ...parts: readonly HtmlPart[]): Html {
  let markup = strings[0] ?? '';
  for (const [index, part] of parts.entries()) markup += render(part) + (strings[index + 1] ?? '');
  return { markup };
}

/** Markup that comes from our own constants: styles and scripts. Never from data. */
export function ownMarkup(markup: string): Html {
  return { markup };
}

function render(part: HtmlPart): string {
  if (part === undefined || part === false) return '';
  if (isList(part)) return part.map(render).join('');
  if (typeof part === 'object') return part.markup;
  return String(part).replace(/[&<>"']/g, (letter) => entities[letter] ?? letter);
}

function isList(part: HtmlPart): part is readonly HtmlPart[] {
  return Array.isArray(part);
}

const entities: { readonly [letter: string]: string } = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};
