import { Fault } from '../../domain/faults/fault.ts';
import type { Json, JsonObject } from '../../domain/calls/model-call.ts';
import { FieldReader, isObject } from '../shared/field-reader.ts';

/** What reading a request collects on the side: fields without a word of ours, and the first mistake. */
export class CallNotes {
  readonly rest: Record<string, Json> = {};
  fault: Fault | undefined;

  /** Opens an object for reading; anything else is a mistake and reads as empty. */
  open(value: Json, pointer: string): FieldReader {
    if (!isObject(value)) this.blame(pointer, 'must be an object');
    return new FieldReader(isObject(value) ? value : {}, pointer);
  }

  /** Takes over what the reader found wrong or did not know. */
  close(reader: FieldReader): void {
    this.fault ??= reader.fault;
    Object.assign(this.rest, reader.rest());
  }

  /** Notes a mistake; the first one is answered. */
  blame(pointer: string, problem: string): void {
    this.fault ??= new Fault('invalid_request', { message: `${pointer.slice(1)}: ${problem}`, param: pointer });
  }
}

/** An object, or nothing. */
export function objectOf(value: Json | undefined): JsonObject | undefined {
  return isObject(value) ? value : undefined;
}
