import { Fault } from '../../domain/faults/fault.ts';

/** The client wants something embedded that the upstream's dialect has no words for. */
export function onlyTexts(): Fault {
  const message = 'Only texts can be embedded at this host: images and lists of tokens have no equal there.';
  return new Fault('unsupported_feature', { message, param: 'input' });
}

/** The upstream said yes and sent no vectors. */
export function noVectors(): Fault {
  return new Fault('upstream_malformed', { message: 'The upstream answer holds no embeddings.' });
}
