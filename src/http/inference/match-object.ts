import type { InboundDialectId } from '../../domain/calls/dialect.ts';
import type { ObjectCollection } from '../../gateway/index.ts';

/** A path that names a collection of objects, one of them, or something about it. */
export interface ObjectRoute {
  readonly kind: 'object';
  readonly dialect: InboundDialectId;
  readonly collection: ObjectCollection;
  readonly id?: string;
  readonly action?: string;
}

const dialects: { readonly [Collection in ObjectCollection]: InboundDialectId } = {
  files: 'openai-chat',
  batches: 'openai-chat',
  responses: 'openai-responses',
};

/** Finds the object route of a path below its mount; undefined when it names no object. */
export function matchObject(path: string): ObjectRoute | undefined {
  const [, collection = '', encodedId, action, ...more] = path.split('/');
  if (!isCollection(collection) || more.length > 0 || encodedId === '' || action === '') return undefined;
  const id = encodedId === undefined ? undefined : decode(encodedId);
  if (encodedId !== undefined && id === undefined) return undefined;
  return {
    kind: 'object',
    dialect: dialects[collection],
    collection,
    ...(id !== undefined && { id }),
    ...(action !== undefined && { action }),
  };
}

function isCollection(name: string): name is ObjectCollection {
  return Object.hasOwn(dialects, name);
}

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    // A stray percent sign names no object.
    return undefined;
  }
}
