/** Hosts that serve what they made themselves, with the name under which catalogs group their models. */
const makers: { readonly [host: string]: string } = {
  anthropic: 'anthropic',
  cohere: 'cohere',
  deepseek: 'deepseek',
  gemini: 'google',
  mistral: 'mistral',
  moonshot: 'moonshotai',
  openai: 'openai',
  perplexity: 'perplexity',
  qwen: 'alibaba',
  xai: 'xai',
  zai: 'zai',
};

/** Groups the offers of one model at many hosts by the name of its weights. */
export class ModelGroups {
  readonly #byName = new Map<string, string>();

  /** `baseModels`: ids such as `anthropic/claude-…`; a row of a maker's own host founds a group as well. */
  constructor(baseModels: readonly string[], rows: readonly { readonly host: string; readonly model: string }[]) {
    for (const id of baseModels) this.#byName.set(plainName(id), id);
    for (const { host, model } of rows.toSorted((left, right) => left.model.length - right.model.length)) {
      const maker = Object.hasOwn(makers, host) ? makers[host] : undefined;
      const name = plainName(model);
      if (maker !== undefined && !this.#byName.has(name)) this.#byName.set(name, `${maker}/${undated(model)}`);
    }
  }

  baseOf(model: string): string | undefined {
    return this.#byName.get(plainName(model));
  }
}

/** The name without vendor, region, date and serving details, so that hosts' spellings of one model meet. */
function plainName(model: string): string {
  const last = model.toLowerCase().split('/').at(-1) ?? model;
  return undated(last.replace(/^(us|eu|apac|au|jp|ca|global|us-gov)\./, '').replace(/^[a-z0-9]+\.(?=[a-z])/, ''))
    .replace(/(-v\d+)?(:\d+)?$/, '')
    .replace(/-(maas|tee|turbo-fp8|fp8)$/, '')
    .replaceAll(/[._]/g, '-');
}

function undated(model: string): string {
  return model.replace(/[-@](\d{8}|\d{4}-\d{2}-\d{2}|latest|default)(?=$|-v\d)/, '').replace(/(-v\d+:\d+)$/, '');
}
