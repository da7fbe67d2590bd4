import { Fault } from '../domain/faults/fault.ts';
import { nearestNames } from './nearest-names.ts';

/** What a caller is told who asks for a model that nobody serves. */
export function unknownModel(name: string, names: readonly string[]): Fault {
  const near = nearestNames(name, names);
  const hint = near.length > 0 ? ` Nearest: ${near.join(', ')}.` : ' No models are configured.';
  return new Fault('model_unknown', {
    message: `The model "${name.slice(0, 200)}" is not known.${hint}`,
    param: 'model',
  });
}

/** What is wrong with a setting that names something the catalog does not have. */
export function unknownReference(path: string, name: string, names: Iterable<string>): Fault {
  const near = nearestNames(name, names).join(', ');
  const message = `${path}: "${name}" is not known${near === '' ? '' : `; nearest: ${near}`}`;
  return new Fault('invalid_request', { message, param: path });
}
