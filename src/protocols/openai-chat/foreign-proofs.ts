import type { Json } from '../../domain/calls/model-call.ts';
import { isObject } from '../shared/field-reader.ts';
import { entriesAt, type ForeignProofFinder, leftOut } from '../shared/foreign-proofs.ts';
import { provenanceField } from './reasoning-fields.ts';

/** Finds reasoning details and signatures of calls that we wrote for another dialect's provider. */
export const foreignProofsInChat: ForeignProofFinder = {
  marks: [`"${provenanceField}"`],
  find: ({ messages }) =>
    leftOut(
      entriesAt(messages, '/messages').flatMap(([message, at]) => {
        if (!isObject(message)) return [];
        const calls = entriesAt(message['tool_calls'], `${at}/tool_calls`);
        return [...detailsOf(message['reasoning_details'], `${at}/reasoning_details`), ...calls.flatMap(signatureOf)];
      }),
    ),
};

function detailsOf(details: Json | undefined, pointer: string): string[] {
  const entries = entriesAt(details, pointer);
  const foreign = entries.filter(([entry]) => isMarked(entry));
  return foreign.length > 0 && foreign.length === entries.length ? [pointer] : foreign.map(([, at]) => at);
}

function signatureOf([call, at]: readonly [Json, string]): string[] {
  return isObject(call) && isMarked(call['extra_content'] ?? null) ? [`${at}/extra_content`] : [];
}

function isMarked(value: Json): boolean {
  return isObject(value) && value[provenanceField] !== undefined;
}
