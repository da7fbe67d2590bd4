export { editObject } from './edit-object.ts';
export type { JsonEdit } from './json-edit.ts';
export { spliceJson } from './splice-json.ts';
