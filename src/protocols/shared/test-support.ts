import { Fault } from '../../domain/faults/fault.ts';
import type { ModelCall } from '../../domain/calls/model-call.ts';

/** Fails the test with the fault's words. */
export function ok<T>(value: T | Fault): T {
  if (Fault.is(value)) throw value;
  return value;
}

/** A call of another dialect, empty but for what the test is about. */
export function callOf(fields: Partial<ModelCall>): ModelCall {
  return {
    dialect: 'openai-chat',
    model: 'model',
    stream: false,
    messages: [{ role: 'user', content: [{ type: 'text', text: 'hello' }] }],
    tools: [],
    sampling: {},
    pointers: {},
    rest: {},
    ...fields,
  };
}
