import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { schemaToolName } from '../../src/protocols/index.ts';
import type { JsonSchema, ToolSpec } from './support/client-drive.ts';
import { type ClientWorld, drives, startClientWorld, upstreams } from './support/client-world.ts';

const schema: JsonSchema = {
  type: 'object',
  properties: { city: { type: 'string' }, days: { type: 'integer' } },
  required: ['city', 'days'],
  additionalProperties: false,
};
const tracking: ToolSpec = { name: 'track_parcel', parameters: { ...schema } };

let world: ClientWorld;
let repairing: ClientWorld;

beforeAll(async () => {
  Object.assign(globalThis, { AI_SDK_LOG_WARNINGS: false });
  const endpoint = ', capabilities: { jsonSchema: false }';
  world = await startClientWorld({ endpoint });
  repairing = await startClientWorld({ endpoint, maxAttempts: 4 });
});
afterAll(async () => {
  await world.close();
  await repairing.close();
});

describe.each(drives)('$name', (drive) => {
  describe.each(upstreams)('over $dialect without native schemas', (upstream) => {
    for (const stream of [false, true]) {
      it(`[scenario 54] gets a valid answer from a tool that it never sees, ${stream ? 'streamed' : 'whole'}`, async () => {
        const cell = world.cell(drive, upstream);
        cell.script('');
        const told = await cell.open().ask({ text: 'Where is it?', schema }, { stream });
        expect(JSON.parse(told.text)).toEqual({ city: 'simulated', days: 1 });
        expect(told).toMatchObject({ finish: 'stop', calls: [] });
        expect(cell.sent().text).toContain(schemaToolName);
      });
    }

    it('[scenario 54] may still call its own tools', async () => {
      const cell = world.cell(drive, upstream);
      cell.script('');
      const told = await cell
        .open()
        .ask({ text: 'call:track_parcel {"city":"Bern","days":1}', schema, tools: [tracking] }, { stream: false });
      expect(told.calls.map(({ name }) => name)).toEqual(['track_parcel']);
    });

    it('[scenario 54] gets the repaired answer when the first does not fit', async () => {
      const cell = repairing.cell(drive, upstream);
      cell.script('');
      const callsBefore = cell.fake.stats().requests;
      const told = await cell.open().ask({ text: `call:${schemaToolName} {"city":7}`, schema }, { stream: false });
      expect(JSON.parse(told.text)).toEqual({ city: 'simulated', days: 1 });
      expect(cell.fake.stats().requests - callsBefore).toBe(2);
      expect(cell.sent().text).toContain('does not satisfy the required JSON Schema');
    });

    it('[scenario 54] gets 422 for an answer that stays unfit after one repair', async () => {
      const cell = repairing.cell(drive, upstream);
      cell.script('tools=empty-args');
      const callsBefore = cell.fake.stats().requests;
      const asked = cell.open().ask({ text: 'Where is it?', schema }, { stream: false });
      expect(drive.readError(await asked.catch((error: unknown) => error)).status).toBe(422);
      expect(await cell.lastFault()).toBe('schema_unmet');
      expect(cell.fake.stats().requests - callsBefore).toBe(2);
    });

    it('[scenario 54] is told in band when a stream ends with an unfit answer', async () => {
      const cell = repairing.cell(drive, upstream);
      cell.script('');
      const text = `call:${schemaToolName} {"city":7}`;
      await expect(cell.open().ask({ text, schema }, { stream: true })).rejects.toThrow();
      expect(await cell.lastFault()).toBe('schema_unmet');
    });
  });
});
