import type { ImportContext } from '../import-context.ts';
import type { Setting } from '../setting.ts';

/** A deployment whose name stands for many models. */
export interface Wildcard {
  readonly name: Setting;
  readonly model: Setting;
  readonly host: string;
  readonly upstream: string;
}

/** Any model of a host can be asked for as `host/model` without being listed, so a wildcard needs no entry. */
export function importWildcard({ name, model, host, upstream }: Wildcard, { draft }: ImportContext): void {
  const asked = name.text ?? '';
  if (asked === `${host}/*` && upstream === '*') {
    name.kept(`models of the host ${host} are asked for as ${host}/MODEL without being listed`);
    model.kept(`host ${host}`);
    return;
  }
  const single = upstream.includes('*') ? undefined : upstream;
  if (single !== undefined) {
    draft.model(`${host}/${single}`).endpoints.push({ host, model: single });
    name.unsupported(`names with * cannot lead to one model: ask for ${host}/${single}, or add aliases`);
    model.changed(`as ${host}/${single}`);
    return;
  }
  const pattern = upstream.replace('*', 'MODEL');
  name.changed(`names with * are not needed: ask for ${host}/${pattern} instead of ${asked.replace('*', 'MODEL')}`);
  model.changed(`any model of host ${host} can be asked for as ${host}/MODEL`);
}
