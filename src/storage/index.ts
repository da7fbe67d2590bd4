export { type ObjectKind, ObjectIndex, type OwnedObject } from './objects/object-index.ts';
export type { Owner } from './owner.ts';
export { ResponseStore, type ResponseStoreLimits, responseStoreLimits } from './responses/response-store.ts';
