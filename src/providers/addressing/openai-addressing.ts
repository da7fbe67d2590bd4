import type { DialectId, Operation } from '../../domain/calls/dialect.ts';
import type { Addressing } from '../provider-definition.ts';

const pathsOfOperations: { readonly [Name in Operation]?: string } = {
  embeddings: '/embeddings',
  completions: '/completions',
  rerank: '/rerank',
  moderations: '/moderations',
  images: '/images/generations',
  speech: '/audio/speech',
  transcription: '/audio/transcriptions',
};

/** Path of an operation in OpenAI's layout. */
export function openAIPath(operation: Operation, dialect: DialectId): string {
  if (dialect === 'openai-responses') return '/responses';
  return pathsOfOperations[operation] ?? '/chat/completions';
}

/** OpenAI's layout: one path per operation, the model in the body. The first dialect is the one translated to. */
export function openAIAddressing(dialects: readonly ('openai-chat' | 'openai-responses')[]): Addressing {
  return {
    dialectsFor(_endpoint, operation) {
      if (operation === 'generate') return dialects;
      return operation === 'count-tokens' ? [] : ['openai-chat'];
    },
    pathFor: ({ operation, dialect }) => openAIPath(operation, dialect),
    objectPath: (path) => path,
    bodyEdits: ({ endpoint }) => [{ op: 'set', pointer: '/model', value: endpoint.upstreamModel }],
  };
}
