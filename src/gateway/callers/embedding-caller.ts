import { Fault } from '../../domain/faults/fault.ts';
import { isObject, openAIChatInbound } from '../../protocols/index.ts';
import { type InnerCallerDeps, MemorySink } from './inner-caller.ts';
import { ownKey } from './own-key.ts';

/** A text whose vector is wanted. */
export interface EmbeddingAsked {
  readonly model: string;
  readonly text: string;
  readonly deadlineMs: number;
}

/** Customer and key that reading prompts is metered under. */
const featuresKey = ownKey('switchyard-features');

/** Asks an embeddings model through the gateway as any client does: recorded, rated and within its deadline. */
export async function askForVector(
  { gateway, newId }: Pick<InnerCallerDeps, 'gateway' | 'newId'>,
  { model, text, deadlineMs }: EmbeddingAsked,
): Promise<readonly number[] | Fault> {
  const sink = new MemorySink();
  await gateway.handle(
    {
      requestId: newId('req'),
      inbound: openAIChatInbound,
      route: { operation: 'embeddings' },
      framing: 'sse',
      key: featuresKey,
      bytes: Buffer.from(JSON.stringify({ model, input: text, encoding_format: 'float' })),
      contentType: 'application/json',
      forwardHeaders: {},
      controls: { explain: false, feature: 'routing', cache: 'off', deadlineMs },
    },
    sink,
  );
  return vectorIn(sink) ?? new Fault('upstream_malformed', { message: `No vector came from "${model}".` });
}

function vectorIn({ status, text }: MemorySink): readonly number[] | undefined {
  if (status !== 200) return undefined;
  const value: unknown = JSON.parse(text);
  const [row] = isObject(value) && Array.isArray(value['data']) ? (value['data'] as readonly unknown[]) : [];
  const vector: unknown = isObject(row) ? row['embedding'] : undefined;
  return Array.isArray(vector) && vector.every((one) => typeof one === 'number') ? vector : undefined;
}
