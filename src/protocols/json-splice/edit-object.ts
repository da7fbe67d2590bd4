import type { Json, JsonObject } from '../../domain/calls/model-call.ts';
import { buildEditTree, type EditNode, type JsonEdit } from './json-edit.ts';

/** Applies the same edits to a parsed object, without changing it: for bodies that were translated anyway. */
export function editObject(body: JsonObject, edits: readonly JsonEdit[]): JsonObject {
  return edits.length === 0 ? body : editMembers(body, buildEditTree(edits));
}

function editValue(value: Json, node: EditNode): Json {
  if (node.edit?.op === 'set') return node.edit.value;
  if (node.edit?.op === 'prepend' && typeof value === 'object' && value !== null && isArray(value))
    return [node.edit.value, ...value];
  if (node.children.size === 0 || typeof value !== 'object' || value === null) return value;
  return isArray(value) ? editItems(value, node) : editMembers(value, node);
}

function editItems(items: readonly Json[], node: EditNode): readonly Json[] {
  return items.flatMap((item, index) => {
    const child = node.children.get(String(index));
    if (child === undefined) return [item];
    return child.edit?.op === 'remove' ? [] : [editValue(item, child)];
  });
}

function editMembers(object: JsonObject, node: EditNode): JsonObject {
  const entries: [string, Json][] = [];
  for (const [key, value] of Object.entries(object)) {
    const child = node.children.get(key);
    if (child === undefined) entries.push([key, value]);
    else if (child.edit?.op === 'rename') entries.push([child.edit.key, value]);
    else if (child.edit?.op !== 'remove') entries.push([key, editValue(value, child)]);
  }
  for (const [key, { edit }] of node.children) {
    if (edit?.op === 'set' && !Object.hasOwn(object, key)) entries.push([key, edit.value]);
  }
  return Object.fromEntries(entries);
}

function isArray(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}
