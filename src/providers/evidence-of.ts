import type { Evidence } from './contract.ts';
import type { ProviderDefinition } from './provider-definition.ts';

/** What the address and the wire format of a host rest on. */
export function evidenceOf({ recorded = false, documentation }: ProviderDefinition): Evidence {
  if (recorded) return { kind: 'recorded' };
  return documentation === undefined ? { kind: 'assumed' } : { kind: 'documented', ...documentation };
}
