import { Fault } from '../../domain/faults/fault.ts';
import { embeddingsDialect } from '../../protocols/index.ts';
import type { OutboundCall } from '../contract.ts';
import type { AddressedCall, ProviderDefinition } from '../provider-definition.ts';
import type { EncodedBody } from './encoded-body.ts';
import { notOffered } from './not-offered.ts';

/** The request for embeddings in the dialect of the address. */
export function embeddingsBody(
  call: OutboundCall,
  { dialect, endpoint }: AddressedCall,
  definition: ProviderDefinition,
): EncodedBody | Fault {
  const asked = embeddingsDialect(call.dialect)?.parseCall(call.body);
  const wire = embeddingsDialect(dialect);
  if (asked === undefined || wire === undefined) return notOffered(definition, call);
  if (Fault.is(asked)) return asked;
  const body = wire.encodeCall(asked, endpoint.upstreamModel);
  if (Fault.is(body)) return body;
  return {
    bytes: Buffer.from(JSON.stringify(body)),
    passThrough: false,
    usageAdded: false,
    emulatesSchema: false,
    dropped: [],
    added: [],
  };
}
