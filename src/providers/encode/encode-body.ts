import { Fault } from '../../domain/faults/fault.ts';
import type { JsonObject, ModelCall } from '../../domain/calls/model-call.ts';
import { editObject, type JsonEdit, type OutboundProtocol, spliceJson, stringifyExact } from '../../protocols/index.ts';
import type { OutboundCall } from '../contract.ts';
import type { AddressedCall, ProviderDefinition } from '../provider-definition.ts';
import { asksForSchema } from './asks-for-schema.ts';
import { clientPointer } from './client-pointer.ts';
import type { EncodedBody } from './encoded-body.ts';
import { embeddingsBody } from './embeddings-body.ts';
import { foreignProofs } from './foreign-proofs.ts';
import { notOffered } from './not-offered.ts';
import { quirkEdits } from './quirk-edits.ts';
import { spliceMultipartModel } from './splice-multipart.ts';
import { usageEdit } from './usage-edit.ts';

/** Whom a body is for: what the provider declares and the dialect it is written in. */
export interface Upstream {
  readonly definition: ProviderDefinition;
  readonly wire: OutboundProtocol;
}

/** Sent where the dialect demands an output limit, the client gave none and the model's own is unknown. */
const fallbackMaxOutputTokens = 8192;

/** Writes the body in the dialect of the address: spliced where the client speaks it too, translated otherwise. */
export function encodeBody(
  call: OutboundCall,
  addressed: AddressedCall,
  { definition, wire }: Upstream,
): EncodedBody | Fault {
  if (!isJson(call)) return formBody(call, addressed);
  const isSame = call.dialect === addressed.dialect && call.translate !== true;
  const nativeJsonSchema =
    definition.quirks?.jsonSchema === undefined && addressed.endpoint.capabilities.jsonSchema !== false;
  const mustEmulate = !nativeJsonSchema && call.operation === 'generate' && asksForSchema(call.dialect, call.body);
  // A Gemini request for embeddings names its model in every item: there is nothing to splice.
  const mustRewrite = mustEmulate || (call.operation === 'embeddings' && addressed.dialect === 'gemini');
  if (isSame && !mustRewrite) return splicedBody(call, addressed, definition);
  if (call.operation === 'embeddings') return embeddingsBody(call, addressed, definition);
  if (call.operation !== 'generate') return notOffered(definition, call);
  return translatedBody(call, addressed, { definition, wire, nativeJsonSchema });
}

function splicedBody(
  call: OutboundCall,
  addressed: AddressedCall,
  definition: ProviderDefinition,
): EncodedBody | Fault {
  const suited = suit(call.body, addressed, definition);
  if (Fault.is(suited)) return suited;
  const foreign = foreignProofs(call, addressed.endpoint.upstreamModel);
  const edits = foreign.edits.length === 0 ? suited.edits : [...suited.edits, ...foreign.edits];
  return {
    bytes: call.bytes.length === 0 ? undefined : spliceJson(call.bytes, edits, call.body),
    passThrough: true,
    usageAdded: suited.usageAdded,
    emulatesSchema: false,
    dropped: foreign.dropped.length === 0 ? suited.dropped : [...suited.dropped, ...foreign.dropped],
    added: foreign.added,
  };
}

interface Translation extends Upstream {
  readonly nativeJsonSchema: boolean;
}

function translatedBody(
  call: OutboundCall,
  addressed: AddressedCall,
  { definition, wire, nativeJsonSchema }: Translation,
): EncodedBody | Fault {
  const modelCall = call.parse();
  if (Fault.is(modelCall)) return modelCall;
  const { limits, capabilities, upstreamModel } = addressed.endpoint;
  const encoded = wire.encodeCall(modelCall, {
    upstreamModel,
    requiredMaxOutputTokens: limits.maxOutputTokens ?? fallbackMaxOutputTokens,
    assistantPrefill: capabilities.assistantPrefill !== false,
    nativeJsonSchema,
  });
  if (Fault.is(encoded)) return encoded;
  const suited = suit(encoded.body, addressed, definition);
  if (Fault.is(suited)) return inClientTerms(suited, modelCall);
  const dropped = suited.dropped.flatMap((pointer) => clientPointer(pointer, modelCall) ?? []);
  return {
    bytes: Buffer.from(stringifyExact(editObject(encoded.body, suited.edits))),
    passThrough: false,
    usageAdded: false,
    emulatesSchema: encoded.emulatesSchema ?? false,
    dropped: [...new Set([...encoded.dropped, ...dropped])],
    added: encoded.added,
  };
}

interface SuitedBody {
  readonly edits: readonly JsonEdit[];
  readonly usageAdded: boolean;
  readonly dropped: readonly string[];
}

/** Everything that address, quirks and metering want changed in a body of the host's dialect. */
function suit(body: JsonObject, addressed: AddressedCall, definition: ProviderDefinition): SuitedBody | Fault {
  const edits = [...definition.addressing.bodyEdits(addressed)];
  if (addressed.dialect !== 'openai-chat') return { edits, usageAdded: false, dropped: [] };
  const isChat = addressed.operation === 'generate';
  const quirks = isChat ? quirkEdits(body, definition.quirks) : { edits: [], dropped: [] };
  if (Fault.is(quirks)) return quirks;
  const streamsUsage = addressed.stream && (isChat || addressed.operation === 'completions');
  const usage = streamsUsage ? usageEdit(body, definition.quirks) : { edits: [], added: false, dropped: [] };
  return {
    edits: [...edits, ...quirks.edits, ...usage.edits],
    usageAdded: usage.added,
    dropped: [...quirks.dropped, ...usage.dropped],
  };
}

function inClientTerms(fault: Fault, call: ModelCall): Fault {
  const param = fault.param === undefined ? undefined : clientPointer(fault.param, call);
  return new Fault(fault.code, { message: fault.message, ...(param === undefined ? {} : { param }) });
}

function isJson(call: OutboundCall): boolean {
  return /^application\/([\w.+-]+\+)?json\b/i.test(call.contentType);
}

function formBody(call: OutboundCall, { endpoint }: AddressedCall): EncodedBody {
  const bytes = spliceMultipartModel(call.bytes, call.contentType, endpoint.upstreamModel);
  return { bytes, passThrough: true, usageAdded: false, emulatesSchema: false, dropped: [], added: [] };
}
