import type { Setting } from '../setting.ts';

/** The parameters of one entry of `model_list`, with those of the credential it names below them. */
export class DeploymentParams {
  readonly own: Setting;
  readonly #shared: Setting | undefined;

  constructor(own: Setting, shared: Setting | undefined) {
    this.own = own;
    this.#shared = shared;
  }

  /** The first that is there, own ones before shared ones. */
  get(...names: readonly string[]): Setting | undefined {
    return this.own.first(...names) ?? this.#shared?.first(...names);
  }
}
