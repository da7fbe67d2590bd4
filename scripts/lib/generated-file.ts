/**
 * A file of the repository that is written by `npm run generate` and never by hand.
 *
 * Each `scripts/generators/<name>.ts` exports `generatedFiles: readonly GeneratedFile[]`.
 * @example
 * export const generatedFiles: readonly GeneratedFile[] = [
 *   { path: 'docs/faults.md', render: () => renderFaultCatalogue(faultKinds) },
 * ];
 */
export interface GeneratedFile {
  /** Where it goes, relative to the repository, with forward slashes. */
  readonly path: string;
  /** Its whole content; formatted afterwards, so layout does not matter. Must not depend on time, place or order. */
  render(): string | Promise<string>;
}
