import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { parseConfig } from '../../src/config/index.ts';
import { configSchema } from '../../src/config/schema.ts';
import { faultKinds } from '../../src/domain/faults/fault-codes.ts';
import { configExamples } from '../lib/config-examples.ts';
import { configJsonSchema, renderConfigReference } from './config-reference.ts';
import { renderFaultReference } from './fault-reference.ts';

describe('the page of settings', () => {
  it('has an example for each section and none for others', () => {
    expect(Object.keys(configExamples).toSorted()).toEqual(Object.keys(configSchema.shape).toSorted());
  });

  it.each(Object.entries(configExamples))(
    'shows an example of %s that the product and the editor accept',
    (_, text) => {
      expect(parseConfig(text).problems).toEqual([]);
      const accepts = new Ajv2020({ strict: false, validateFormats: false }).compile(configJsonSchema());
      expect([accepts(parse(text)), accepts.errors]).toEqual([true, null]);
    },
  );

  it('lists settings in the depth, with type and default', () => {
    const page = renderConfigReference();
    expect(page).toContain('| `hosts.NAME.timeouts.connectMs` | integer from 1 to 86400000 | `5000` |');
    expect(page).toContain('| `keys[].name` | string | **needed** |');
    expect(page).toContain('`hosts.NAME.auth(type: azure).apiVersion`');
  });

  it('refuses what the product refuses', () => {
    const accepts = new Ajv2020({ strict: false, validateFormats: false }).compile(configJsonSchema());
    expect(accepts({ keys: [{ name: 'a', secret: 'plain' }] })).toBe(false);
    expect(accepts({ bogus: 1 })).toBe(false);
  });
});

describe('the page of faults', () => {
  it('tells of each code its status and how each dialect shows it', () => {
    const page = renderFaultReference();
    for (const [code, { httpStatus, meaning }] of Object.entries(faultKinds)) {
      expect(page).toContain(`| \`${code}\` | ${httpStatus} | ${meaning} |`);
      const row = page.split('\n').find((line) => line.startsWith(`| \`${code}\` | type`)) ?? '';
      expect(row.split(' | ')).toHaveLength(5);
    }
  });
});
