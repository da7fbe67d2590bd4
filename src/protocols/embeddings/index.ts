import type { DialectId } from '../../domain/calls/dialect.ts';
import type { EmbeddingsDialect } from './contract.ts';
import { geminiEmbeddings } from './gemini-embeddings.ts';
import { openaiEmbeddings } from './openai-embeddings.ts';

/** How a dialect asks for embeddings; undefined for those that have no way to. */
export function embeddingsDialect(dialect: DialectId): EmbeddingsDialect | undefined {
  if (dialect === 'gemini') return geminiEmbeddings;
  return dialect === 'openai-chat' ? openaiEmbeddings : undefined;
}
