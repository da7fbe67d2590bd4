import type { ListedModel } from '../../catalog/index.ts';
import type { InboundDialectId } from '../../domain/calls/dialect.ts';
import type { ModelPage } from './page-models.ts';

/** Stands for "unknown": catalogs of clients want a date, and we know none. */
const createdAtS = 0;

/** The models list in the client's dialect. */
export function encodeModelList(dialect: InboundDialectId, { models, hasMore }: ModelPage): object {
  const data = models.map((model) => encodeModel(dialect, model));
  const lastId = models.at(-1)?.id;
  if (dialect === 'gemini') return { models: data, ...(hasMore && { nextPageToken: lastId }) };
  if (dialect !== 'anthropic-messages') return { object: 'list', data };
  return { data, has_more: hasMore, first_id: models[0]?.id ?? null, last_id: lastId ?? null };
}

/** One model in the client's dialect. */
export function encodeModel(dialect: InboundDialectId, model: ListedModel): object {
  const label = model.simulated ? { simulated: true } : {};
  switch (dialect) {
    case 'gemini':
      return {
        name: `models/${model.id}`,
        displayName: displayName(model),
        description: model.description,
        supportedGenerationMethods: ['generateContent', 'countTokens'],
        ...label,
      };
    case 'anthropic-messages':
      return {
        type: 'model',
        id: model.id,
        display_name: displayName(model),
        created_at: new Date(createdAtS).toISOString(),
        ...label,
      };
    default:
      return { id: model.id, object: 'model', created: createdAtS, owned_by: model.ownedBy, ...label };
  }
}

function displayName(model: ListedModel): string {
  return model.simulated ? `${model.id} (simulated)` : model.id;
}
