/** A failure the simulator reports, in words of its own; each dialect gives it its shape. */
export interface Failure {
  readonly kind: FailureKind;
  readonly status: number;
  readonly message: string;
  readonly parameter?: string;
}

/** Kinds of failure, named after what a `fail` script says. */
export type FailureKind =
  | 'invalid'
  | 'auth'
  | 'billing'
  | 'forbidden'
  | 'model'
  | 'timeout'
  | 'too-large'
  | 'rate'
  | 'quota'
  | 'context'
  | 'filter'
  | 'server'
  | 'overloaded';

const table: { readonly [word: string]: Failure } = {
  '400': { kind: 'invalid', status: 400, message: 'The request is invalid.' },
  '401': { kind: 'auth', status: 401, message: 'Incorrect API key provided: sk-fake************.' },
  '402': { kind: 'billing', status: 402, message: 'Insufficient Balance' },
  '403': { kind: 'forbidden', status: 403, message: 'You are not allowed to use this model.' },
  '404': { kind: 'model', status: 404, message: 'The model does not exist or you do not have access to it.' },
  '408': { kind: 'timeout', status: 408, message: 'The request took too long to arrive.' },
  '413': { kind: 'too-large', status: 413, message: 'The request is larger than allowed.' },
  '422': { kind: 'invalid', status: 422, message: 'The request could not be processed.' },
  '429': { kind: 'rate', status: 429, message: 'Rate limit reached. Please try again later.' },
  '500': { kind: 'server', status: 500, message: 'The server had an error while processing your request.' },
  '502': { kind: 'server', status: 502, message: 'Bad gateway.' },
  '503': { kind: 'overloaded', status: 503, message: 'The model is overloaded. Please try again later.' },
  '504': { kind: 'timeout', status: 504, message: 'The deadline passed before the answer was ready.' },
  '529': { kind: 'overloaded', status: 529, message: 'Overloaded' },
  quota: {
    kind: 'quota',
    status: 429,
    message: 'You exceeded your current quota, please check your plan and billing details.',
  },
  context: {
    kind: 'context',
    status: 400,
    message: "This model's maximum context length is 8192 tokens. However, your messages resulted in 9000 tokens.",
    parameter: 'messages',
  },
  filter: {
    kind: 'filter',
    status: 400,
    message: 'The response was filtered due to the prompt triggering the content management policy.',
  },
};

/** The failure named by a `fail` or `errorCode` word; an unknown word is a plain 500. */
export function failureNamed(word: string): Failure {
  return table[word] ?? { kind: 'server', status: 500, message: `Simulated failure ${word}.` };
}

/** A 400 with the message of a real provider. */
export function invalidRequest(message: string, parameter?: string): Failure {
  return { kind: 'invalid', status: 400, message, ...(parameter !== undefined && { parameter }) };
}
