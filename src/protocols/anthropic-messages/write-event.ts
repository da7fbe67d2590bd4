import type { JsonObject } from '../../domain/calls/model-call.ts';

/** One event of a Messages stream; its name repeats the type of its data. */
export function writeEvent(data: JsonObject & { readonly type?: unknown }): string {
  return `event: ${String(data.type)}\ndata: ${JSON.stringify(data)}\n\n`;
}
