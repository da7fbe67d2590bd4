import { describe, expect, test } from 'vitest';
import { Fault } from '../../domain/faults/fault.ts';
import type { JsonObject } from '../../domain/calls/model-call.ts';
import { editObject } from '../../protocols/index.ts';
import { quirkMeanings, type Quirks } from '../quirks.ts';
import { quirkEdits } from './quirk-edits.ts';
import { usageEdit } from './usage-edit.ts';

function suit(body: JsonObject, quirks: Quirks): { body: JsonObject; dropped: readonly string[] } {
  const outcome = quirkEdits(body, quirks);
  if (Fault.is(outcome)) throw outcome;
  return { body: editObject(body, outcome.edits), dropped: outcome.dropped };
}

describe('a quirk', () => {
  test('renames the output limit to the name the host knows', () => {
    expect(suit({ max_completion_tokens: 5 }, { maxTokensField: 'max_tokens' }).body).toEqual({ max_tokens: 5 });
    expect(suit({ max_tokens: 5 }, { maxTokensField: 'max_completion_tokens' }).body).toEqual({
      max_completion_tokens: 5,
    });
  });

  test('leaves one output limit when the client sent both', () => {
    const both = { max_tokens: 5, max_completion_tokens: 6 };
    expect(suit(both, { maxTokensField: 'max_tokens' })).toEqual({ body: { max_tokens: 5 }, dropped: [] });
  });

  test('sends developer messages as system and takes names off messages', () => {
    const body: JsonObject = {
      messages: [
        { role: 'developer', content: 'x', name: 'n' },
        { role: 'user', content: 'y' },
      ],
    };
    expect(suit(body, { developerRole: 'unsupported', messageName: 'unsupported' })).toEqual({
      body: {
        messages: [
          { role: 'system', content: 'x' },
          { role: 'user', content: 'y' },
        ],
      },
      dropped: ['/messages/0/name'],
    });
  });

  test('refuses a tool choice that the host cannot be held to', () => {
    expect(quirkEdits({ tool_choice: 'required' }, { toolChoiceRequired: 'unsupported' })).toMatchObject({
      code: 'unsupported_feature',
      param: '/tool_choice',
    });
    expect(quirkEdits({ tool_choice: { type: 'function' } }, { namedToolChoice: 'unsupported' })).toMatchObject({
      code: 'unsupported_feature',
    });
    expect(suit({ tool_choice: 'auto' }, { toolChoiceRequired: 'unsupported' }).body).toEqual({ tool_choice: 'auto' });
  });

  test('drops and reports fields the host rejects', () => {
    const quirks: Quirks = { unsupportedFields: ['logit_bias', 'user', 'n'], parallelToolCalls: 'unsupported' };
    const body = { logit_bias: { 1: 2 }, user: null, n: 1, parallel_tool_calls: false, seed: 1 };
    expect(suit(body, quirks)).toEqual({
      body: { seed: 1 },
      dropped: ['/parallel_tool_calls', '/logit_bias', '/n'],
    });
  });

  test('refuses the call where dropping a field would change what the client gets', () => {
    const cases: readonly [JsonObject, string][] = [
      [{ n: 2 }, '/n'],
      [{ tools: [{}] }, '/tools'],
      [{ tool_choice: 'required' }, '/tool_choice'],
      [{ response_format: { type: 'json_object' } }, '/response_format'],
      [{ logprobs: true }, '/logprobs'],
    ];
    for (const [body, param] of cases) {
      const unsupportedFields = Object.keys(body);
      expect(quirkEdits(body, { unsupportedFields })).toMatchObject({ code: 'unsupported_feature', param });
    }
    expect(suit({ tools: [], logprobs: false }, { unsupportedFields: ['tools', 'logprobs'] }).body).toEqual({});
  });

  test('turns the reasoning effort into what the host understands and reports the lost level', () => {
    const quirks: Quirks = { reasoningEffort: 'enable-thinking' };
    const dropped = ['/reasoning_effort'];
    expect(suit({ reasoning_effort: 'high' }, quirks)).toEqual({ body: { enable_thinking: true }, dropped });
    expect(suit({ reasoning_effort: 'none' }, quirks)).toEqual({ body: { enable_thinking: false }, dropped });
    expect(suit({ reasoning_effort: null }, quirks)).toEqual({ body: {}, dropped: [] });
  });

  test('switches thinking off for a forced tool where the host cannot do both', () => {
    const quirks: Quirks = { forcedToolThinking: 'unsupported' };
    const thinking = { type: 'disabled' };
    for (const choice of ['required', { type: 'function', function: { name: 'f' } }]) {
      const body = { tool_choice: choice, reasoning_effort: 'high' };
      expect(suit(body, quirks)).toEqual({ body: { tool_choice: choice, thinking }, dropped: ['/reasoning_effort'] });
    }
    const free = { tool_choice: 'auto', reasoning_effort: 'high' };
    expect(suit(free, quirks)).toEqual({ body: free, dropped: [] });
    const own = { tool_choice: 'required', thinking: { type: 'enabled' } };
    expect(suit(own, quirks)).toEqual({ body: own, dropped: [] });
  });

  test('never overrides what the client says in the words of the host', () => {
    const body = { reasoning_effort: 'high', enable_thinking: false };
    expect(suit(body, { reasoningEffort: 'enable-thinking' }).body).toEqual({ enable_thinking: false });
    const renamed = { seed: 1, random_seed: 2 };
    expect(suit(renamed, { renamedFields: { seed: 'random_seed' } }).body).toEqual({ random_seed: 2 });
  });

  test('refuses JSON modes the host does not have', () => {
    const schema = { response_format: { type: 'json_schema' } };
    const json = { response_format: { type: 'json_object' } };
    expect(Fault.is(quirkEdits(schema, { jsonSchema: 'json-object' }))).toBe(true);
    expect(suit(json, { jsonSchema: 'json-object' }).body).toEqual(json);
  });

  test('changes nothing where none is declared', () => {
    expect(quirkEdits({ anything: 1 }, undefined)).toEqual({ edits: [], dropped: [] });
  });

  test('has a sentence for the page of hosts', () => {
    for (const meaning of Object.values(quirkMeanings)) expect(meaning).toMatch(/\.$/);
  });
});

describe('[scenario 56] the usage tail', () => {
  const asked = (body: JsonObject, quirks?: Quirks) => {
    const { edits, ...rest } = usageEdit(body, quirks);
    return { body: editObject(body, edits), ...rest };
  };

  test('is asked for when the client did not', () => {
    const wanted = { body: { stream_options: { include_usage: true } }, added: true, dropped: [] };
    expect(asked({})).toEqual(wanted);
    expect(asked({ stream_options: null })).toEqual(wanted);
    expect(asked({ stream_options: { include_usage: false } })).toEqual(wanted);
  });

  test('is left to the client that asked itself', () => {
    const body = { stream_options: { include_usage: true, include_obfuscation: false } };
    expect(asked(body)).toEqual({ body, added: false, dropped: [] });
  });

  test('is not asked for where the host rejects the question', () => {
    const quirks: Quirks = { streamOptions: 'unsupported' };
    expect(asked({}, quirks)).toEqual({ body: {}, added: false, dropped: [] });
    expect(asked({ stream_options: { include_usage: true } }, quirks)).toEqual({ body: {}, added: false, dropped: [] });
    expect(asked({ stream_options: { other: 1 } }, quirks).dropped).toEqual(['/stream_options']);
  });
});
