import { type FaultCode, type FaultKind, faultKinds } from '../../src/domain/faults/fault-codes.ts';
import { Fault } from '../../src/domain/faults/fault.ts';
import {
  anthropicMessagesInbound,
  geminiInbound,
  type InboundProtocol,
  openAIChatInbound,
  openAIResponsesInbound,
} from '../../src/protocols/index.ts';
import type { GeneratedFile } from '../lib/generated-file.ts';

const dialects: readonly (readonly [string, InboundProtocol])[] = [
  ['Chat Completions', openAIChatInbound],
  ['Responses', openAIResponsesInbound],
  ['Messages', anthropicMessagesInbound],
  ['Gemini', geminiInbound],
];

const blames: { readonly [Blame in FaultKind['blame']]: string } = {
  client: 'the request',
  customer_limit: 'a limit of the key',
  upstream: 'the host',
  us: 'Switchyard',
};

/** What an error body says of itself beside the message, as `name: value`. */
function shownFields(body: unknown): string {
  const error = field(body, 'error');
  const shown = ['type', 'code', 'status'].flatMap((name) => {
    const value = field(error, name);
    return typeof value === 'string' || typeof value === 'number' ? [`${name} \`${value}\``] : [];
  });
  return shown.join(', ');
}

function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined;
}

function kindRow([code, kind]: readonly [string, FaultKind]): string {
  const yes = (flag: boolean): string => (flag ? 'yes' : 'no');
  const cells = [
    `\`${code}\``,
    `${kind.httpStatus}`,
    kind.meaning,
    blames[kind.blame],
    yes(kind.retryable),
    yes(kind.failover),
    yes(kind.breaker),
  ];
  return `| ${cells.join(' | ')} |`;
}

function dialectRow(code: FaultCode): string {
  const fault = new Fault(code);
  const cells = dialects.map(([, protocol]) => shownFields(protocol.encodeFault(fault, 'req_0')));
  return `| \`${code}\` | ${cells.join(' | ')} |`;
}

/** The page of faults, from the one catalogue and from what the dialects make of it. */
export function renderFaultReference(): string {
  const codes = Object.keys(faultKinds) as FaultCode[];
  if (codes.length === 0) throw new Error('the catalogue of faults is empty');
  return [
    '<!-- Written by `npm run generate` from src/domain/faults/fault-codes.ts. Do not edit. -->',
    '',
    '# Faults',
    '',
    'Everything that can go wrong with a request has one of these codes. They never change their meaning. The code is',
    'in the record of the request (`switchyard requests show ID`), in metrics, in logs and in problems of the control',
    'API; each dialect shows it in the words its clients know, in the second table.',
    '',
    '- **Client may retry**: the same request may succeed later. Answers say so in `x-should-retry`, and with',
    '  `Retry-After` where there is a time to wait.',
    '- **We try elsewhere**: before the first content reached the client, the next endpoint of the model and its',
    '  fallbacks is tried. Policies can turn that off (`policy.fallback`) or widen it (`policy.refusalFallback`).',
    '- **Counts for the breaker**: enough of them in a short time keep requests away from the endpoint for a while.',
    '',
    '| code | HTTP | meaning | caused by | client may retry | we try elsewhere | counts for the breaker |',
    '| --- | --- | --- | --- | --- | --- | --- |',
    ...Object.entries(faultKinds).map(kindRow),
    '',
    '## As each dialect shows them',
    '',
    'Before the first content a fault is an HTTP status with this body. After it the status is sent already: the fault',
    'then stands in the stream, in the same words, and the stream does not end as a good one would. `client_gone` is',
    'only recorded. Where the host itself refused the request (`upstream_rejected`), its own words are passed on if it',
    "speaks the client's dialect.",
    '',
    `| code | ${dialects.map(([name]) => name).join(' | ')} |`,
    `| --- |${' --- |'.repeat(dialects.length)}`,
    ...codes.map(dialectRow),
    '',
    '| dialect | body | in the stream |',
    '| --- | --- | --- |',
    '| Chat Completions | `{"error":{message,type,param,code}}` | `data: {"error":…}`, then the connection closes without `[DONE]` |',
    '| Responses | `{"error":{message,type,param,code}}` | `error`, then `response.failed`, `sequence_number` continuing |',
    '| Messages | `{"type":"error","error":{type,message}}` | `event: error`, no `message_stop` |',
    '| Gemini | `{"error":{code,message,status}}` | `{"error":…}`, no last candidate with `finishReason` |',
    '',
  ].join('\n');
}

/** The page of faults. */
export const generatedFiles: readonly GeneratedFile[] = [{ path: 'docs/faults.md', render: renderFaultReference }];
