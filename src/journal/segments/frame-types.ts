import type { FactType } from '../../domain/facts/facts.ts';

/** Type bytes of frames that describe the segment itself; they carry no fact. */
export const segmentFrame = { header: 1, footer: 2, carry: 3 } as const;

/** Type bytes of facts. Numbers are for ever: a removed type leaves a gap. */
export const factFrame = {
  open: 16,
  attempt: 17,
  final: 18,
  abort: 19,
  outcome: 20,
  decision: 21,
  run: 23,
  correction: 25,
} as const satisfies Readonly<Record<FactType, number>>;

/** Type bytes set aside for facts of later modules, so that no two modules choose the same one. */
export const reservedFrame = { lease: 22, config: 24 } as const;

const factTypes: ReadonlyMap<number, FactType> = new Map(
  Object.entries(factFrame).map(([name, type]): [number, FactType] => [type, name as FactType]),
);

/** Whether a frame carries a fact this version understands; readers skip the others, copiers keep them. */
export function isFactFrame(type: number): boolean {
  return factTypes.has(type);
}

/** The kind of fact a frame carries; undefined for frames that readers skip. */
export function factTypeOf(type: number): FactType | undefined {
  return factTypes.get(type);
}
