import { describe, expect, it } from 'vitest';
import { Fault } from '../../domain/faults/fault.ts';
import type { Json, ModelCall } from '../../domain/calls/model-call.ts';
import { localKey } from '../../tenants/index.ts';
import type { Received } from '../received.ts';
import type { ReadRequest } from '../responses/responses-state.ts';
import { askedTools, withFunctions } from './asked-tools.ts';
import type { ToolExecutor } from './tool-executor.ts';

const tool = { type: 'switchyard_code', description: 'Runs code.', parameters: { type: 'object' } };
const executorOf = (absence?: string): ToolExecutor => ({
  tools: [tool],
  absence: () => absence,
  open() {
    throw new Error('nothing is opened to look at a request');
  },
});

function ask(
  tools: Json,
  setting: { readonly candidates?: number; readonly key?: object; readonly executor?: ToolExecutor | null } = {},
): ReturnType<typeof askedTools> {
  const body = { tools };
  const head = { operation: 'generate', features: () => ({ candidates: setting.candidates ?? 1 }) };
  const request = { body, bytes: Buffer.from(JSON.stringify(body)), head } as unknown as ReadRequest;
  const received = { key: { ...localKey, ...setting.key } } as Received;
  const { executor = executorOf() } = setting;
  return askedTools(received, request, executor ?? undefined);
}

const codeOf = (asked: ReturnType<typeof askedTools>): string | undefined => (Fault.is(asked) ? asked.code : undefined);

describe('tools of this side', () => {
  it('are found by their type, or by their field as Gemini names tools', () => {
    const named: readonly Json[] = [{ type: 'switchyard_code' }, { switchyard_code: {} }];
    for (const value of named) {
      expect(ask([{ type: 'function', function: { name: 'lookup' } }, value])).toMatchObject({ tools: [tool] });
    }
    expect(ask([{ type: 'function', function: { name: 'lookup', description: 'not switchyard_code' } }])).toBe(
      undefined,
    );
    expect(ask('switchyard_code')).toBe(undefined);
    expect(ask([{ type: 'switchyard_code' }], { executor: null })).toBe(undefined);
  });

  it('may be called in as many rounds as the client says, within bounds', () => {
    const roundsOf = (asked: Json): number | undefined => {
      const found = ask([{ type: 'switchyard_code', max_rounds: asked }]);
      return found && !Fault.is(found) ? found.maxRounds : undefined;
    };
    expect([3, 0, -5, 1000, 2.5, 'many', null].map(roundsOf)).toEqual([3, 2, 2, 8, 6, 6, 6]);
  });

  it('are refused where they cannot be had, or cannot be told from others', () => {
    const asked = [{ type: 'switchyard_code' }];
    expect(codeOf(ask(asked, { executor: executorOf('it is turned off') }))).toBe('unsupported_feature');
    expect(codeOf(ask(asked, { candidates: 2 }))).toBe('invalid_request');
    expect(codeOf(ask(asked, { key: { endUser: 'u-1' } }))).toBe('not_allowed');
    expect(codeOf(ask(asked, { key: { onlyJob: 'support' } }))).toBe('not_allowed');
    const namesake = { type: 'function', function: { name: 'switchyard_code' } };
    expect(codeOf(ask([...asked, namesake]))).toBe('invalid_request');
  });

  it('are functions like any other for upstreams', () => {
    const other = { type: 'opaque', dialect: 'openai-chat', value: { type: 'web_search' } } as const;
    const own = { type: 'opaque', dialect: 'openai-chat', value: { type: 'switchyard_code' }, at: '/tools/1' } as const;
    const { tools } = withFunctions({ tools: [other, own] } as unknown as ModelCall, [tool]);
    const { description, parameters } = tool;
    expect(tools).toEqual([
      other,
      { type: 'function', name: 'switchyard_code', description, parameters, at: '/tools/1' },
    ]);
  });
});
