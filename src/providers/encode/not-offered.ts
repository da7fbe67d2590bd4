import { Fault } from '../../domain/faults/fault.ts';
import type { OutboundCall } from '../contract.ts';
import type { ProviderDefinition } from '../provider-definition.ts';

/** A fault for work that the provider does not do in a dialect that we could hand on. */
export function notOffered(definition: ProviderDefinition, call: OutboundCall): Fault {
  return new Fault('unsupported_feature', {
    message: `${definition.name} does not offer ${call.operation} like this.`,
  });
}
