import { readdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { JournalError } from './journal-error.ts';
import type { PlacedFact } from './segments/segment-reader.ts';
import { SegmentReader } from './segments/segment-reader.ts';
import { listSegments, segmentOfName, type SegmentHeader } from './segments/segment-meta.ts';
import { type SegmentSurvey, surveySegment } from './segments/segment-recovery.ts';

/** What an audit found in one segment. */
export interface SegmentReport {
  readonly segment: number;
  readonly state: 'sealed' | 'open' | 'cut' | 'damaged';
  readonly frames: number;
  readonly rows: number;
  readonly costNanos: string;
  readonly chargeNanos: string;
  readonly sizeBytes: number;
  /** One sentence per contradiction; empty when all is well. */
  readonly problems: readonly string[];
}

/** What an audit found in one gateway's journal. */
export interface GatewayReport {
  readonly gatewayId: string;
  readonly segments: readonly SegmentReport[];
  readonly rows: number;
  readonly costNanos: string;
  readonly chargeNanos: string;
  /** Exchanges without final or abort; normal while a gateway runs. */
  readonly openExchanges: number;
}

/** Result of an audit of a journal folder. */
export interface JournalReport {
  readonly ok: boolean;
  readonly gateways: readonly GatewayReport[];
}

/** Reads every frame of every journal in a folder and compares it with headers, footers and neighbours. */
export async function verifyJournal(directory: string): Promise<JournalReport> {
  const gateways: GatewayReport[] = [];
  for (const gatewayId of await listGateways(directory)) gateways.push(await verifyGateway(directory, gatewayId));
  const ok = gateways.every(({ segments }) => segments.every(({ problems }) => problems.length === 0));
  return { ok, gateways };
}

/** Every fact of every journal in a folder, gateway by gateway, for readers outside a running gateway. */
export async function* readJournalDirectory(
  directory: string,
): AsyncGenerator<PlacedFact & { readonly gatewayId: string }> {
  for (const gatewayId of await listGateways(directory)) {
    const folder = join(directory, gatewayId);
    const reader = new SegmentReader(folder, gatewayId);
    const facts = reader.read(await reader.begun(), undefined, Number.POSITIVE_INFINITY);
    for await (const placed of facts) yield { gatewayId, ...placed };
  }
}

/** Every fact of one segment file, which must lie in the folder of its gateway: its frames are sealed with that name. */
export async function* readJournalSegment(path: string): AsyncGenerator<PlacedFact> {
  const folder = dirname(path);
  const segment = segmentOfName(basename(path));
  if (segment === undefined) throw new JournalError('damaged', `${path} is no segment of a journal`);
  const reader = new SegmentReader(folder, basename(folder));
  await reader.header(segment);
  for await (const batch of reader.facts({ segment, from: 0, end: Number.POSITIVE_INFINITY })) yield* batch;
}

/** Gateways that have a journal in a folder. */
export async function listGateways(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { withFileTypes: true });
  return entries
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .toSorted();
}

async function verifyGateway(directory: string, gatewayId: string): Promise<GatewayReport> {
  const folder = join(directory, gatewayId);
  const present = await listSegments(folder);
  const reports: SegmentReport[] = [];
  let rows = 0;
  let costNanos = 0n;
  let chargeNanos = 0n;
  let openExchanges = 0;
  // Newest first: each segment's end is told by the header of the one behind it.
  let next: SegmentSurvey | undefined;
  for (const segment of present.toReversed()) {
    const survey = await surveySegment({ folder, gatewayId, segment }, next?.header?.previous?.end);
    // Beyond the end there is the footer, or what a disk failure left.
    const whole = next ? await surveySegment({ folder, gatewayId, segment }) : survey;
    const report = describeSegment({ survey, whole, next });
    reports.unshift(report);
    rows += report.rows;
    costNanos += BigInt(report.costNanos);
    chargeNanos += BigInt(report.chargeNanos);
    if (!next) openExchanges = survey.tally.open().length;
    next = survey;
  }
  return {
    gatewayId,
    segments: reports,
    rows,
    costNanos: costNanos.toString(),
    chargeNanos: chargeNanos.toString(),
    openExchanges,
  };
}

function describeSegment(found: {
  survey: SegmentSurvey;
  whole: SegmentSurvey;
  next: SegmentSurvey | undefined;
}): SegmentReport {
  const { survey, whole, next } = found;
  const sums = survey.tally.footer(survey.sha256);
  const problems = [
    ...headerProblems(survey),
    ...chainProblems(survey, next?.header),
    ...footerProblems(survey, whole),
  ];
  const previous = next?.header?.previous;
  return {
    segment: survey.segment,
    state: stateOf({ problems, sealed: whole.footer !== undefined, last: next === undefined }),
    frames: survey.frames,
    rows: sums.rows,
    costNanos: sums.costNanos,
    chargeNanos: sums.chargeNanos,
    sizeBytes: survey.sizeBytes,
    problems:
      previous?.damaged === undefined || whole.footer ? problems : problems.filter((problem) => problem !== noFooter),
  };
}

const noFooter = 'it has neither a footer nor a successor that tells of a disk failure';

function stateOf(seen: { problems: readonly string[]; sealed: boolean; last: boolean }): SegmentReport['state'] {
  if (seen.problems.some((problem) => problem !== noFooter)) return 'damaged';
  if (seen.sealed) return 'sealed';
  return seen.last ? 'open' : 'cut';
}

function headerProblems({ header, segment }: SegmentSurvey): string[] {
  if (!header) return ['its header is missing or belongs to another segment'];
  return header.segment === segment ? [] : [`its header says segment ${header.segment}`];
}

function chainProblems(survey: SegmentSurvey, next: SegmentHeader | undefined): string[] {
  if (!next) return [];
  if (next.previous?.segment !== survey.segment) {
    return [`segment ${next.segment} follows ${next.previous?.segment ?? 'nothing'}: a segment is missing`];
  }
  if (survey.end === next.previous.end) return [];
  return [`its frames end at ${survey.end} (${survey.stop.flaw ?? 'short'}), its successor says ${next.previous.end}`];
}

function footerProblems(survey: SegmentSurvey, whole: SegmentSurvey): string[] {
  const { footer } = whole;
  if (!footer) return survey === whole ? [] : [noFooter];
  const counted = survey.tally.footer(survey.sha256);
  const behind = whole.stop.flaw === undefined ? [] : [`bytes follow its footer at ${whole.stop.offset}`];
  const contradictions = (['rows', 'costNanos', 'chargeNanos', 'sha256'] as const)
    .filter((name) => footer[name] !== counted[name])
    .map((name) => `its footer says ${name} ${footer[name]}, its frames ${counted[name]}`);
  return [...contradictions, ...behind];
}
