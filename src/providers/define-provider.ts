import type { DialectId } from '../domain/calls/dialect.ts';
import type { Endpoint } from '../domain/calls/endpoint.ts';
import { Fault } from '../domain/faults/fault.ts';
import { type StreamDecoder, unwrapSchemaCompletion, unwrapSchemaTool } from '../protocols/index.ts';
import { classifyFailure } from './classify/classify-failure.ts';
import type { EncodedRequest, OutboundCall, Provider } from './contract.ts';
import { encodeBody } from './encode/encode-body.ts';
import type { EncodedBody } from './encode/encoded-body.ts';
import { guardDecoder } from './encode/guard-decoder.ts';
import { notOffered } from './encode/not-offered.ts';
import { objectRequest } from './encode/object-request.ts';
import { requestHeaders } from './encode/request-headers.ts';
import { resolveBaseUrl } from './encode/resolve-base-url.ts';
import type { Wires } from './encode/wires.ts';
import { evidenceOf } from './evidence-of.ts';
import type { AddressedCall, ProviderDefinition } from './provider-definition.ts';
import { scrubFault } from './classify/scrub-secrets.ts';
import { secretsOf } from './sign/secrets-of.ts';
import type { Signer } from './sign/signer.ts';

/** What every provider shares. */
export interface ProviderParts {
  readonly wires: Wires;
  readonly signer: Signer;
}

/** The one implementation of `Provider`; what differs between hosts is in their definitions. */
export function defineProvider(definition: ProviderDefinition, { wires, signer }: ProviderParts): Provider {
  const { id, name, protocol, addressing, keyHeader } = definition;
  const dialectFor: Provider['dialectFor'] = (endpoint, operation, client) => {
    const offered = addressing.dialectsFor(endpoint, operation);
    return offered.find((dialect) => dialect === client) ?? offered[0];
  };
  return Object.freeze<Provider>({
    id,
    name,
    protocol,
    baseUrl: definition.baseUrl,
    keyEnv: definition.keyEnv,
    local: definition.local ?? false,
    evidence: evidenceOf(definition),
    dialectFor,
    inlineMedia(call, endpoint) {
      if (call.operation !== 'generate') return undefined;
      const dialect = dialectFor(endpoint, call.operation, call.dialect);
      return dialect === undefined || dialect === call.dialect ? undefined : wires[dialect].inlineMedia;
    },
    encode(call, endpoint) {
      const dialect = dialectFor(endpoint, call.operation, call.dialect);
      if (dialect === undefined) return notOffered(definition, call);
      const addressed: AddressedCall = { operation: call.operation, dialect, stream: call.stream, endpoint };
      const body = encodeBody(call, addressed, { definition, wire: wires[dialect] });
      return Fault.is(body) ? body : encodedRequest({ call, addressed, body, definition, wires });
    },
    encodeObjectCall: (call, endpoint) => objectRequest(call, endpoint, addressing),
    sign: (request, endpoint) => signer.sign(request, endpoint, keyHeader),
    classify: (failure, nowMs, endpoint) =>
      classifyFailure(failure, {
        nowMs,
        providerName: name,
        secrets: endpoint === undefined ? [] : secretsOf(endpoint.host),
      }),
  });
}

interface EncodedParts {
  readonly call: OutboundCall;
  readonly addressed: AddressedCall;
  readonly body: EncodedBody;
  readonly definition: ProviderDefinition;
  readonly wires: Wires;
}

function encodedRequest({ call, addressed, body, definition, wires }: EncodedParts): EncodedRequest {
  const { endpoint, dialect } = addressed;
  const { addressing } = definition;
  const base = resolveBaseUrl(endpoint.host);
  const { openDecoder, decodeCompletion } = decodersFor(dialect, endpoint, {
    wires,
    emulatesSchema: body.emulatesSchema,
  });
  return {
    request: {
      method: 'POST',
      origin: base.origin,
      path: base.path + ((body.passThrough ? call.passThroughPath : undefined) ?? addressing.pathFor(addressed)),
      headers: requestHeaders(call, addressed, addressing),
      body: body.bytes,
    },
    dialect,
    passThrough: body.passThrough,
    stripUsage: body.usageAdded,
    dropped: body.dropped,
    added: body.added,
    emulatesSchema: body.emulatesSchema,
    openDecoder,
    decodeCompletion,
  };
}

interface DecoderParts {
  readonly wires: Wires;
  readonly emulatesSchema: boolean;
}

/** Readers of the answer, with the emulated tool unwrapped and faults cleared of credentials. */
function decodersFor(
  dialect: DialectId,
  endpoint: Endpoint,
  { wires, emulatesSchema }: DecoderParts,
): Pick<EncodedRequest, 'openDecoder' | 'decodeCompletion'> {
  const wire = wires[dialect];
  return {
    openDecoder(): StreamDecoder {
      const decoder = wire.openDecoder();
      return guardDecoder(emulatesSchema ? unwrapSchemaTool(decoder) : decoder, endpoint.host);
    },
    decodeCompletion(body) {
      const decoded = wire.decodeCompletion(body);
      const completion = emulatesSchema ? unwrapSchemaCompletion(decoded) : decoded;
      return Fault.is(completion) ? scrubFault(completion, secretsOf(endpoint.host)) : completion;
    },
  };
}
