import { admission } from './money/admission.ts';
import { audit } from './money/audit.ts';
import { projector } from './money/projector.ts';
import { rating } from './money/rating.ts';
import { usageQueries } from './money/usage-queries.ts';
import { whatIf } from './money/what-if.ts';
import { measureSections, type SectionOptions, type SectionsResult } from './section.ts';

export { describeFigures as describe } from './section.ts';

/** What booking costs, and what asking the books costs. */
export function run(options: SectionOptions): Promise<SectionsResult> {
  return measureSections([rating, projector, admission, usageQueries, audit, whatIf], options);
}
