import { Fault } from '../../domain/faults/fault.ts';
import type { Json } from '../../domain/calls/model-call.ts';
import type { ObjectIndex } from '../../storage/index.ts';
import type { Received } from '../received.ts';
import { ownerOf } from '../responses/responses-record.ts';
import type { Resumed } from '../responses/responses-state.ts';

const mention = '"file_id';
/** A key may be written in escapes: who does that is searched. */
const escape = String.raw`\u`;
const maxDepth = 64;

/** Ids of files that a request hands to the model instead of their content. */
export function fileIdsIn(value: Json | undefined, depth = 0): readonly string[] {
  if (typeof value !== 'object' || value === null || depth > maxDepth) return [];
  if (Array.isArray(value)) return value.flatMap((item) => fileIdsIn(item, depth + 1));
  return Object.entries(value).flatMap(([key, item]) => {
    if (key === 'file_id') return typeof item === 'string' ? [item] : [];
    if (key === 'file_ids' && Array.isArray(item)) return item.filter((id) => typeof id === 'string');
    return fileIdsIn(item, depth + 1);
  });
}

/** Does a JSON text name files at all? Most do not, and need not be searched. */
export function mentionsFiles(text: Buffer | string): boolean {
  return text.includes(mention) || text.includes(escape);
}

/** Keeps calls that name files within the files of their key, and at the host that has them. */
export class FileReferences {
  readonly #index: ObjectIndex;

  constructor(index: ObjectIndex) {
    this.#index = index;
  }

  /** Narrows the candidates to the host of the files; `not_found` for files of other keys. */
  bind({ key, inbound }: Received, resumed: Resumed): Resumed | Fault {
    const { request, choice } = resumed;
    const isOpenAI = inbound.dialect === 'openai-chat' || inbound.dialect === 'openai-responses';
    if (!isOpenAI || !mentionsFiles(request.bytes)) return resumed;
    let { ranked } = choice.decision;
    for (const id of fileIdsIn(request.body)) {
      const file = this.#index.find(ownerOf(key), 'file', id);
      if (!file) return new Fault('not_found', { message: `There is no file "${id.slice(0, 100)}" for this key.` });
      ranked = ranked.filter(({ host }) => host.id === file.host);
      if (ranked.length === 0) {
        const message = `The file "${id}" is kept by the host "${file.host}", which does not serve the model together with the other files of the request.`;
        return new Fault('no_candidate', { message });
      }
    }
    const { decision } = choice;
    const reasons = [...decision.reasons, 'only where the named files are'];
    return { request, choice: { ...choice, decision: { ...decision, ranked, reasons } } };
  }
}
