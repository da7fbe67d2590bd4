import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Told, ToolSpec } from './support/client-drive.ts';
import { type Cell, type ClientWorld, drives, startClientWorld, upstreams } from './support/client-world.ts';

const tracking: ToolSpec = {
  name: 'track_parcel',
  parameters: {
    type: 'object',
    properties: { parcel: { type: 'string' } },
    required: ['parcel'],
    additionalProperties: false,
  },
};
/** Models of one maker: what one host of theirs signs, the other accepts. */
const areKin = (one: string, other: string): boolean =>
  [one, other].every((dialect) => ['anthropic-messages', 'bedrock-converse'].includes(dialect));
const signing = upstreams.filter(({ dialect }) => dialect !== 'openai-chat' && dialect !== 'bedrock-converse');

let world: ClientWorld;

beforeAll(async () => {
  Object.assign(globalThis, { AI_SDK_LOG_WARNINGS: false });
  world = await startClientWorld({ variants: ['strict'] });
});
afterAll(() => world.close());

const resultsOf = ({ calls }: Told) => calls.map(({ id, name }) => ({ id, name, output: 'in Zürich' }));

/** A tool loop with thinking at an upstream that refuses every signature that is not its own. */
async function loopWithThinking(cell: Cell, stream: boolean): Promise<Told> {
  const conversation = cell.open();
  const first = await conversation.ask({ text: 'Where is it?', tools: [tracking], reasoning: true }, { stream });
  expect(first.calls).toHaveLength(1);
  return conversation.ask({ results: resultsOf(first), tools: [tracking], reasoning: true }, { stream });
}

describe.each(drives)('$name', (drive) => {
  describe.each(signing)('over a strict $dialect', (upstream) => {
    for (const stream of [false, true]) {
      it(`[scenario 51] hands back what was thought and is accepted on turn 2, ${stream ? 'streamed' : 'whole'}`, async () => {
        const cell = world.cell(drive, upstream, 'strict');
        cell.script('signatures=strict&reasoning=2');
        const second = await loopWithThinking(cell, stream);
        expect(second.text).toContain('in Zürich');
        const isCarried = /"(signature|thoughtSignature|encrypted_content)":"c2lt/.test(cell.sent().text);
        // Gemini's signature sits on the call and is remembered for clients that drop it.
        const isLost = drive.cannot.signatures ?? (stream ? drive.cannot['streamed-signatures'] : undefined);
        if (isLost === undefined || upstream.dialect === 'gemini') expect(isCarried).toBe(true);
      });
    }
  });

  it.each(['redacted', 'signature-only'])('[scenario 51] hands back thinking that is %s', async (form) => {
    const upstream = upstreams.find(({ dialect }) => dialect === 'anthropic-messages');
    if (upstream === undefined) throw new Error('no Messages upstream');
    const cell = world.cell(drive, upstream, 'strict');
    cell.script(`signatures=strict&reasoning=2&thinking=${form}`);
    const second = await loopWithThinking(cell, true);
    expect(second.text).toContain('in Zürich');
  });

  describe.each(signing)('after turns with $dialect', (first) => {
    it.each(upstreams.filter(({ dialect }) => dialect !== first.dialect))(
      '[scenario 53] the conversation moves to a strict $dialect, which sees no foreign signature',
      async (second) => {
        const from = world.cell(drive, first, 'strict');
        const to = world.cell(drive, second, 'strict');
        from.script('signatures=strict&reasoning=2');
        to.script('signatures=strict');
        const conversation = from.open();
        const called = await conversation.ask(
          { text: 'Where is it?', tools: [tracking], reasoning: true },
          { stream: false },
        );
        await conversation.ask({ results: resultsOf(called), tools: [tracking], reasoning: true }, { stream: true });
        const told = await conversation.ask({ text: 'reply:Moved.', model: to.model }, { stream: false });
        expect(told.text).toBe('Moved.');
        expect(to.sent().path).toMatch(second.path);
        if (areKin(first.dialect, second.dialect)) return;
        expect(to.sent().text).not.toMatch(/"c2lt|switchyard[:.]|c3dpdGNoeWFyZ/);
      },
    );
  });
});
