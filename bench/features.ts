import { starts } from './features/starts.ts';
import { throughput } from './features/throughput.ts';
import { measureSections, type SectionOptions, type SectionsResult } from './section.ts';

export { describeFigures as describe } from './section.ts';

/** What budgets, routing and the database add to what the gateway alone takes. */
export function run(options: SectionOptions): Promise<SectionsResult> {
  return measureSections([throughput, starts], options);
}
