import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkCell } from './support/client-cells.ts';
import { imageUrl, type JsonSchema, pixelBase64 } from './support/client-drive.ts';
import {
  type Cell,
  type ClientWorld,
  clientKey,
  drives,
  hostKey,
  startClientWorld,
  upstreams,
} from './support/client-world.ts';
import { MediaServer } from './support/media-server.ts';

const parcelSchema: JsonSchema = {
  type: 'object',
  properties: { city: { type: 'string' }, days: { type: 'integer' }, express: { type: 'boolean' } },
  required: ['city', 'days', 'express'],
  additionalProperties: false,
};

const media = new MediaServer();
let world: ClientWorld;

beforeAll(async () => {
  Object.assign(globalThis, { AI_SDK_LOG_WARNINGS: false });
  await media.open();
  world = await startClientWorld({ more: 'network: { mediaAllowPrivate: true }' });
});
afterAll(async () => {
  await world.close();
  media.close();
});

/** The call went to the dialect of the upstream, with the host's credentials and none of the client's. */
function expectCleanCall(cell: Cell): void {
  const { path, text, headers } = cell.sent();
  expect(path).toMatch(cell.upstream.path);
  const everything = JSON.stringify(headers) + text;
  expect(everything).toContain(hostKey);
  expect(everything).not.toContain(clientKey);
}

describe.each(drives)('$name', (drive) => {
  describe.each(upstreams)('over $dialect', (upstream) => {
    for (const stream of [false, true]) {
      const how = stream ? 'streamed' : 'whole';

      it(`[scenario 3] answers in text, ${how}, with finish reason and usage`, async () => {
        const cell = world.cell(drive, upstream);
        cell.script('');
        const pieces: string[] = [];
        await checkCell(cell, 'text', async () => {
          const asking = { stream, onText: (text: string) => void pieces.push(text) };
          const told = await cell.open().ask({ text: 'reply:Your parcel is in Zürich 📦 now.' }, asking);
          expect(told).toMatchObject({ text: 'Your parcel is in Zürich 📦 now.', finish: 'stop', calls: [] });
          expect(told.tokens.input).toBeGreaterThan(0);
          expect(told.tokens.output).toBeGreaterThan(0);
          if (stream) expect(pieces.join('')).toBe(told.text);
          if (stream) expect(pieces.length).toBeGreaterThan(3);
          expectCleanCall(cell);
        });
      });

      it(`makes structured output, ${how}`, async () => {
        const cell = world.cell(drive, upstream);
        cell.script('');
        await checkCell(cell, 'structured output', async () => {
          const told = await cell.open().ask({ text: 'Where is it?', schema: parcelSchema }, { stream });
          expect(JSON.parse(told.text)).toEqual({ city: 'simulated', days: 1, express: true });
          expect(told.finish).toBe('stop');
          expect(told.calls).toEqual([]);
          expect(cell.sent().text).toContain('express');
        });
      });

      it(`shows reasoning, ${how}`, async () => {
        const cell = world.cell(drive, upstream);
        cell.script('reasoning=3&reply=done');
        await checkCell(cell, 'reasoning', async () => {
          const told = await cell.open().ask({ text: 'Think.', reasoning: true }, { stream });
          expect(told).toMatchObject({ text: 'done', finish: 'stop' });
          expect(told.reasoning).toBe(drive.cannot.reasoning ? '' : 'thought 1. thought 2. thought 3. ');
        });
      });
    }

    it('keeps a conversation', async () => {
      const cell = world.cell(drive, upstream);
      cell.script('');
      const conversation = cell.open();
      await conversation.ask({ text: 'reply:first answer' }, { stream: true });
      const told = await conversation.ask({ text: 'reply:second answer' }, { stream: false });
      expect(told.text).toBe('second answer');
      expect(cell.sent().text).toContain('first answer');
    });

    it('sends an inline image', async () => {
      const cell = world.cell(drive, upstream);
      cell.script('');
      await checkCell(cell, 'inline image', async () => {
        const told = await cell.open().ask({ text: 'reply:"white"', image: 'inline' }, { stream: false });
        expect(told.text).toBe('white');
        expect(cell.sent().text).toContain(pixelBase64);
      });
    });

    it('sends an image by URL', async () => {
      const cell = world.cell(drive, upstream);
      cell.script('');
      await checkCell(cell, 'image by URL', async () => {
        // Converse takes no addresses: there the bytes behind one are expected.
        const isFetched = upstream.dialect === 'bedrock-converse';
        const image = isFetched ? media.pixelUrl : imageUrl;
        const told = await cell.open().ask({ text: 'reply:"a parcel"', image }, { stream: false });
        expect(told.text).toBe('a parcel');
        expect(cell.sent().text).toContain(isFetched ? pixelBase64 : image.href);
      });
    });
  });
});
