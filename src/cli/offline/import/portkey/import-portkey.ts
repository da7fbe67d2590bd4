import type { ConfigDraft, ModelDraft } from '../config-draft.ts';
import type { Importer } from '../importer.ts';
import type { Setting } from '../setting.ts';
import { type Chain, flattenStrategy } from './flatten-strategy.ts';
import { TargetSettings } from './read-target.ts';

const maxAttempts = 10;

/** Imports a gateway configuration of Portkey: its strategy becomes one model with fallbacks. */
export const portkeyImporter: Importer = {
  product: 'Portkey',
  variablePattern: /^(?:\$\{?|env:|process\.env\.)([A-Za-z_]\w*)\}?$/,
  run(root, context) {
    const { chain, named } = flattenStrategy(new TargetSettings(root), context);
    const name = chain[0]?.[0]?.model;
    const made = [
      ...named.flatMap(([own, inner]) => addChain(own, inner, context.draft)),
      ...(name === undefined ? [] : addChain(name, chain, context.draft)),
    ];
    readRetries(root, made);
  },
};

/** Writes a chain as a model and one more for each group behind it. Returns the models a client may ask for. */
function addChain(name: string, chain: Chain, draft: ConfigDraft): ModelDraft[] {
  const [first, ...behind] = chain;
  if (first === undefined || draft.models.has(name)) return [];
  const model = draft.model(name);
  model.endpoints.push(...first);
  for (const [index, group] of behind.entries()) {
    const fallback = `${name}-fallback-${index + 1}`;
    draft.model(fallback).endpoints.push(...group);
    model.fallback.push(fallback);
  }
  return [model];
}

function readRetries(root: Setting, models: readonly ModelDraft[]): void {
  const retry = root.get('retry');
  const attempts = retry?.get('attempts');
  const retries = attempts?.number;
  retry
    ?.first('on_status_codes', 'onStatusCodes')
    ?.unsupported('which faults are tried again is fixed by their code; see docs/faults.md');
  retry
    ?.first('use_retry_after_header', 'useRetryAfterHeader')
    ?.changed('nothing to write: Retry-After is always obeyed');
  if (attempts === undefined) return;
  if (retries === undefined || retries < 0) return attempts.unsupported('no number from 0; policy.maxAttempts stays 4');
  for (const { policy, fallback } of models) {
    policy.maxAttempts = Math.min(maxAttempts, Math.round(retries) + 1 + fallback.length);
  }
  attempts.changed('as policy.maxAttempts: retries, the first try and one for each fallback, at most 10');
}
