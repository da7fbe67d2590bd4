import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Fault } from '../../domain/faults/fault.ts';
import type { JsonObject } from '../../domain/calls/model-call.ts';
import { encodeCall } from './encode-call.ts';
import { openAIChatInbound } from './inbound.ts';
import { openAIChatOutbound } from './outbound.ts';
import { readError } from './read-error.ts';
import { readPassThroughUsage } from './read-pass-through-usage.ts';

/** Objects made of the dialect's own field names with values of every type, right and wrong. */
function shapedLike(names: readonly string[]): fc.Arbitrary<JsonObject> {
  const { tree } = fc.letrec<{ tree: unknown; object: JsonObject }>((tie) => ({
    tree: fc.oneof(
      { maxDepth: 5, withCrossShrink: true },
      fc.constantFrom(null, true, false, 0, -1, 1.5, '', 'x', 'null', 'user', 'assistant', 'tool', 'stop', '__proto__'),
      fc.array(tie('tree'), { maxLength: 3 }),
      tie('object'),
    ),
    object: fc.dictionary(fc.constantFrom(...names), tie('tree'), { maxKeys: 6 }) as fc.Arbitrary<JsonObject>,
  }));
  return fc.dictionary(fc.constantFrom(...names), tree, { maxKeys: 8 }) as fc.Arbitrary<JsonObject>;
}

const requestNames =
  'model messages role content type text image_url url input_audio file tools function name arguments tool_calls id stream stream_options tool_choice response_format json_schema schema stop n reasoning reasoning_details thinking functions function_call __proto__'.split(
    ' ',
  );
const chunkNames =
  'id choices index delta message content tool_calls function name arguments finish_reason usage prompt_tokens completion_tokens prompt_tokens_details cached_tokens error code type refusal reasoning reasoning_details annotations citations audio data images x_a __proto__'.split(
    ' ',
  );

describe('hostile input', () => {
  it('never makes a request throw: it is read or refused', () => {
    const options = { upstreamModel: 'u', requiredMaxOutputTokens: 1, assistantPrefill: true, nativeJsonSchema: false };
    let read = 0;
    fc.assert(
      fc.property(
        shapedLike(requestNames),
        fc.array(shapedLike(requestNames), { maxLength: 3 }),
        (fields, messages) => {
          const body = {
            ...fields,
            model: 'm',
            messages: [{ role: 'user', content: 'x' }, ...messages],
            stream: false,
          };
          const head = openAIChatInbound.readHead(body, { operation: 'generate' });
          if (Fault.is(head)) return;
          head.features();
          head.prefix();
          expect(head.estimateInputTokens()).toBeGreaterThan(0);
          const call = openAIChatInbound.parseCall(body, head);
          if (Fault.is(call)) return;
          read++;
          JSON.stringify(encodeCall(call, options));
        },
      ),
      { numRuns: 500 },
    );
    expect(read).toBeGreaterThan(0);
  });

  it('never makes a stream throw, and errors end it', () => {
    fc.assert(
      fc.property(fc.array(shapedLike(chunkNames), { maxLength: 8 }), (chunks) => {
        const decoder = openAIChatOutbound.openDecoder();
        const wire = chunks.map((chunk) => `data: ${JSON.stringify(chunk)}\n\n`).join('');
        const frames = [...decoder.push(Buffer.from(wire)), ...decoder.end()];
        const parts = frames.flatMap((frame) => frame.parts);
        const failed = parts.findIndex((part) => part.type === 'error');
        if (failed >= 0) expect(failed).toBe(parts.length - 1);
        for (const part of parts) {
          if (part.type !== 'usage') continue;
          for (const units of Object.values(part.usage.buckets)) expect(units ?? 0).toBeGreaterThanOrEqual(0);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('never makes bytes throw', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 80 })), (chunks) => {
        const decoder = openAIChatOutbound.openDecoder();
        for (const chunk of chunks) decoder.push(Buffer.from(chunk));
        decoder.end();
      }),
    );
  });

  it('never makes a whole answer, its usage or an error throw', () => {
    fc.assert(
      fc.property(shapedLike(chunkNames), (body) => {
        openAIChatOutbound.decodeCompletion(body);
        for (const operation of ['embeddings', 'images', 'transcription', 'rerank', 'completions'] as const) {
          readPassThroughUsage(operation, body);
        }
        expect(Fault.is(readError(body, 400))).toBe(true);
      }),
      { numRuns: 500 },
    );
  });
});
