import { parentPort } from 'node:worker_threads';
import { CompiledSchemas } from './compiled-schemas.ts';
import type { SchemaQuestion, SchemaVerdict } from './schema-protocol.ts';

const schemas = new CompiledSchemas();

function tell(verdict: SchemaVerdict): void {
  parentPort?.postMessage(verdict);
}

parentPort?.on('message', (question: SchemaQuestion) => tell(schemas.judge(question)));
tell({ kind: 'ready' });
