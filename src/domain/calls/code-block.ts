/** The code of an answer: its largest fenced block, else the whole text. */
export function codeIn(text: string): string {
  const blocks = [...text.matchAll(/```[\w+#.-]*[ \t]*\r?\n([\s\S]*?)```/g)].map(([, inside]) => inside ?? '');
  return blocks.length === 0 ? text : blocks.reduce((longest, one) => (one.length > longest.length ? one : longest));
}
