import type { Json } from '../../domain/calls/model-call.ts';

/**
 * One change of a JSON document, addressed by JSON pointer into the document as it was. Edits of one list are
 * independent: no pointer lies below another. An edit whose parent does not exist changes nothing.
 */
export type JsonEdit =
  /** Replaces the value, or adds the key at the end of its object. */
  | { readonly op: 'set'; readonly pointer: string; readonly value: Json }
  | { readonly op: 'remove'; readonly pointer: string }
  /** Puts a value before the items of an array; of what is no array it changes nothing. */
  | { readonly op: 'prepend'; readonly pointer: string; readonly value: Json }
  /** Keeps the value and its exact bytes under another key. */
  | { readonly op: 'rename'; readonly pointer: string; readonly key: string };

/** Edits as a tree along the document, so that one walk applies them all. */
export interface EditNode {
  edit: JsonEdit | undefined;
  readonly children: Map<string, EditNode>;
  /** Shortest and longest key of a child, written without escapes: most keys of a document are ruled out by that. */
  minKeyBytes: number;
  maxKeyBytes: number;
}

/** Arranges edits along the paths they address. */
export function buildEditTree(edits: readonly JsonEdit[]): EditNode {
  const root = newNode();
  for (const edit of edits) {
    let node = root;
    for (const key of splitPointer(edit.pointer)) {
      let child = node.children.get(key);
      if (child === undefined) {
        child = newNode();
        node.children.set(key, child);
        const sizeBytes = Buffer.byteLength(key);
        node.minKeyBytes = Math.min(node.minKeyBytes, sizeBytes);
        node.maxKeyBytes = Math.max(node.maxKeyBytes, sizeBytes);
      }
      node = child;
    }
    node.edit = edit;
  }
  return root;
}

function newNode(): EditNode {
  return { edit: undefined, children: new Map(), minKeyBytes: Infinity, maxKeyBytes: 0 };
}

function splitPointer(pointer: string): readonly string[] {
  const keys = pointer.slice(1).split('/');
  return pointer.includes('~') ? keys.map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~')) : keys;
}
