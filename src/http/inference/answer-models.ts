import type { IncomingMessage } from 'node:http';
import type { ListedModel } from '../../catalog/index.ts';
import { Fault } from '../../domain/faults/fault.ts';
import type { InferenceRoute } from './match-route.ts';
import { encodeModel, encodeModelList } from './list-models.ts';
import { pageModels } from './page-models.ts';

/** Models that exist, before a key's own limits. */
export interface ModelSource {
  listModels(): readonly ListedModel[];
  findModel(id: string): ListedModel | undefined;
}

/** A question about models, and who asks. */
export interface ModelsQuestion {
  readonly method: IncomingMessage['method'];
  readonly route: Extract<InferenceRoute, { kind: 'models' }>;
  readonly query: string;
  readonly key: { mayUse(model: string): boolean };
}

/** The models, or the one, that a key may use, in the client's dialect. */
export function answerModels(source: ModelSource, { method, route, query, key }: ModelsQuestion): object | Fault {
  const id = route.id?.startsWith('models/') === true ? route.id.slice('models/'.length) : route.id;
  if (method !== 'GET' && method !== 'HEAD') return refuseMethod(route, id);
  if (id === undefined) {
    const allowed = source.listModels().filter((model) => key.mayUse(model.id));
    const page = pageModels(route.dialect, allowed, new URLSearchParams(query));
    return Fault.is(page) ? page : encodeModelList(route.dialect, page);
  }
  const model = key.mayUse(id) ? source.findModel(id) : undefined;
  if (model) return encodeModel(route.dialect, model);
  const message = `The model "${id.slice(0, 200)}" does not exist for this key.`;
  return new Fault('model_unknown', { message, param: 'model' });
}

/** In Gemini what follows the last colon of a posted path is a method: an unknown one is no route at all. */
function refuseMethod({ dialect }: ModelsQuestion['route'], id: string | undefined): Fault {
  const method = dialect === 'gemini' ? id?.split(':').slice(1).pop() : undefined;
  if (method === undefined) return new Fault('method_not_allowed', { message: 'Use GET.', allow: 'GET' });
  return new Fault('not_found', { message: `Models have no method "${method.slice(0, 200)}" here.` });
}
