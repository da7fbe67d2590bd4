import type { Catalog, ResolvedModel } from '../../catalog/index.ts';
import { Fault } from '../../domain/faults/fault.ts';
import type { Endpoint } from '../../domain/calls/endpoint.ts';
import type { Asking } from '../received.ts';

type Models = Pick<Catalog, 'resolve' | 'choosable'>;

const maxNameLength = 512;
const maxListed = 16;

/** Finds a model by a client's name for it. */
export function resolveName(name: string, catalog: Pick<Catalog, 'resolve'>): ResolvedModel | Fault {
  // Names at a host are the client's to choose: they go into URLs, headers, facts and caches.
  if (name.length > maxNameLength || /\p{Surrogate}/u.test(name)) {
    const message = `A model name has at most ${maxNameLength} characters and is valid Unicode.`;
    return new Fault('model_unknown', { message, param: 'model' });
  }
  return catalog.resolve(name);
}

/**
 * Finds what a request names and its key may use: one model, or a list with commas of those to try in that order, of
 * which the first says how far the request may go. A configured name may have commas of its own.
 */
export function resolveNamed(asked: string, { key }: Pick<Asking, 'key'>, catalog: Models): ResolvedModel | Fault {
  if (!asked.includes(',') || catalog.choosable().some(({ name }) => name === asked)) {
    const model = resolveName(asked, catalog);
    return Fault.is(model) || key.mayUse(asked) ? model : notAllowed(key, asked);
  }
  const names = asked.split(',').map((name) => name.trim());
  if (names.length > maxListed) {
    const message = `A request may list at most ${maxListed} models.`;
    return new Fault('invalid_request', { message, param: 'model' });
  }
  const models: ResolvedModel[] = [];
  for (const name of names) {
    const model = resolveName(name, catalog);
    if (Fault.is(model)) return model;
    if (!key.mayUse(name)) return notAllowed(key, name);
    models.push(model);
  }
  const [first] = models;
  return first ? { ...first, endpoints: inTurn(models) } : notAllowed(key, asked);
}

/** That the key may not use what it asked for. */
export function notAllowed(key: Pick<Asking['key'], 'name'>, model: string): Fault {
  const message = `The key "${key.name}" may not use the model "${model.slice(0, 200)}".`;
  return new Fault('not_allowed', { message, param: 'model' });
}

/** What was listed comes before what the configuration falls back on. */
function inTurn(models: readonly ResolvedModel[]): Endpoint[] {
  const listed = models.flatMap(({ endpoints }) =>
    endpoints.filter(({ modelName }) => modelName === endpoints[0]?.modelName),
  );
  const all = [...listed, ...models.flatMap(({ endpoints }) => endpoints)];
  return all.filter(({ id }, at) => all.findIndex((one) => one.id === id) === at);
}
