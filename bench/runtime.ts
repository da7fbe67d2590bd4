import { attack } from './runtime/attack.ts';
import { functions } from './runtime/functions.ts';
import { workspaces } from './runtime/workspaces.ts';
import { measureSections, type SectionOptions, type SectionsResult } from './section.ts';

export { describeFigures as describe } from './section.ts';

/** How fast code runs here, and what the gateway feels of it. */
export function run(options: SectionOptions): Promise<SectionsResult> {
  return measureSections([workspaces, functions, attack], options);
}
