import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkCell } from './support/client-cells.ts';
import type { Told, ToolSpec } from './support/client-drive.ts';
import { type ClientWorld, drives, startClientWorld, upstreams } from './support/client-world.ts';

const tracking: ToolSpec = {
  name: 'track_parcel',
  parameters: {
    type: 'object',
    properties: { parcel: { type: 'string' } },
    required: ['parcel'],
    additionalProperties: false,
  },
};
const weather: ToolSpec = {
  name: 'weather',
  parameters: {
    type: 'object',
    properties: { city: { type: 'string' } },
    required: ['city'],
    additionalProperties: false,
  },
};

let world: ClientWorld;

beforeAll(async () => {
  Object.assign(globalThis, { AI_SDK_LOG_WARNINGS: false });
  world = await startClientWorld();
});
afterAll(() => world.close());

const resultsOf = ({ calls }: Told, outputs: readonly string[]) =>
  calls.map(({ id, name }, at) => ({ id, name, output: outputs[at] ?? '' }));

describe.each(drives)('$name', (drive) => {
  describe.each(upstreams)('over $dialect', (upstream) => {
    for (const stream of [false, true]) {
      const how = stream ? 'streamed' : 'whole';

      it(`[scenario 3] runs a tool loop of two turns, ${how}`, async () => {
        const cell = world.cell(drive, upstream);
        cell.script('');
        await checkCell(cell, 'tools', async () => {
          const conversation = cell.open();
          const first = await conversation.ask({ text: 'Where is it?', tools: [tracking] }, { stream });
          expect(first.finish).toBe('tools');
          expect(first.calls).toMatchObject([{ name: 'track_parcel', arguments: { parcel: 'simulated' } }]);
          const results = resultsOf(first, ['in Zürich 📦']);
          const second = await conversation.ask({ results, tools: [tracking] }, { stream });
          expect(second).toMatchObject({ finish: 'stop', calls: [] });
          expect(second.text).toContain('in Zürich 📦');
          // The history goes on after the loop.
          const third = await conversation.ask({ text: 'reply:You are welcome.' }, { stream });
          expect(third.text).toBe('You are welcome.');
          expect(cell.sent().text).toContain('track_parcel');
        });
      });

      it(`calls tools in parallel and tells their results apart, ${how}`, async () => {
        const cell = world.cell(drive, upstream);
        cell.script('calls=3');
        await checkCell(cell, 'parallel tools', async () => {
          const conversation = cell.open();
          const text = [
            'call:track_parcel {"parcel":"A-1"}',
            'call:weather {"city":"Rome"}',
            'call:track_parcel {"parcel":"B-2"}',
          ].join('\n');
          const first = await conversation.ask({ text, tools: [tracking, weather] }, { stream });
          expect(first.finish).toBe('tools');
          expect(first.calls.map((call) => [call.name, call.arguments])).toEqual([
            ['track_parcel', { parcel: 'A-1' }],
            ['weather', { city: 'Rome' }],
            ['track_parcel', { parcel: 'B-2' }],
          ]);
          const results = resultsOf(first, ['first out', 'second out', 'third out']);
          const second = await conversation.ask({ results, tools: [tracking, weather] }, { stream });
          expect(second.finish).toBe('stop');
          const sent = cell.sent().text;
          const places = ['first out', 'second out', 'third out'].map((output) => sent.indexOf(output));
          expect(places.every((place) => place > 0)).toBe(true);
          expect(places).toEqual(places.toSorted((one, other) => one - other));
        });
      });
    }
  });
});
