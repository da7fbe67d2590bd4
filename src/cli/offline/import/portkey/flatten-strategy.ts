import type { EndpointDraft } from '../config-draft.ts';
import type { ImportContext } from '../import-context.ts';
import type { Setting } from '../setting.ts';
import { readTarget, TargetSettings } from './read-target.ts';

/** Endpoints that share traffic by weight. */
export type Group = readonly EndpointDraft[];

/** Groups in the order in which they are tried. */
export type Chain = readonly Group[];

/** Chains by the name a client asks for; the nameless one is the configuration's own. */
export interface Flattened {
  readonly chain: Chain;
  readonly named: readonly (readonly [name: string, chain: Chain])[];
}

/** Turns nested strategies into groups that follow each other: that is all our models can say. */
export function flattenStrategy(settings: TargetSettings, context: ImportContext): Flattened {
  const targets = settings.own.get('targets');
  const strategy = settings.own.get('strategy');
  const mode = strategy?.get('mode');
  markCommon(settings, context);
  if (targets === undefined || targets.items().length === 0) return { chain: readLeaf(settings, context), named: [] };
  const inner = targets.items().map((target) => {
    const own = new TargetSettings(target, settings);
    return { own, ...flattenStrategy(own, context) };
  });
  const named = inner.flatMap((one) => one.named);
  markStatusCodes(strategy);
  switch (mode?.text) {
    case 'loadbalance':
      mode.kept('endpoints share by weight');
      return { chain: shareOut(inner), named };
    case 'fallback':
      mode.kept('the targets follow each other as fallbacks');
      return { chain: inner.flatMap(({ chain }) => chain), named };
    case 'conditional':
      return { ...byCondition(strategy, inner), named: [...named, ...byName(inner)] };
    default:
      mode?.kept('the first target');
      for (const { own } of inner.slice(1)) own.own.unsupported('the mode "single" uses only the first target');
      return { chain: inner[0]?.chain ?? [], named };
  }
}

const maxWeight = 1_000_000;

interface Inner {
  readonly own: TargetSettings;
  readonly chain: Chain;
}

function readLeaf(settings: TargetSettings, context: ImportContext): Chain {
  const endpoint = readTarget(settings, context);
  return endpoint === undefined ? [] : [[endpoint]];
}

/** First groups share by weight; what was nested behind them follows for all. */
function shareOut(inner: readonly Inner[]): Chain {
  const first = inner.flatMap(({ own, chain }) => {
    const setting = own.get('weight');
    const weight = setting && readWeight(setting);
    const group = chain[0] ?? [];
    const sum = group.reduce((total, one) => total + (one.weight ?? 1), 0);
    return group.map((one) => ({ ...one, weight: round(((weight ?? 1) * (one.weight ?? 1)) / Math.max(sum, 1e-9)) }));
  });
  const behind = inner.flatMap(({ chain }) => chain.slice(1));
  return first.length === 0 ? behind : [first, ...behind];
}

function readWeight(setting: Setting): number {
  const weight = setting.number;
  if (weight === undefined || weight < 0 || weight > maxWeight) {
    setting.unsupported(`no number from 0 to ${maxWeight}; the endpoint gets weight 1`);
    return 1;
  }
  setting.kept('as weight of the endpoint');
  return weight;
}

function round(weight: number): number {
  return Math.min(maxWeight, Math.round(weight * 1e6) / 1e6);
}

function byCondition(strategy: Setting | undefined, inner: readonly Inner[]): { chain: Chain } {
  const standard = strategy?.get('default');
  for (const condition of strategy?.get('conditions')?.items() ?? []) {
    condition.unsupported(
      `requests are not routed by conditions: let the client ask for the model "${condition.get('then')?.text ?? ''}"`,
    );
  }
  strategy?.get('mode')?.changed('each named target becomes a model of its name, for the client to ask for');
  const chosen = inner.find(({ own }) => own.get('name')?.text === standard?.text) ?? inner[0];
  standard?.changed('its target is also the model of the configuration as a whole');
  return { chain: chosen?.chain ?? [] };
}

function byName(inner: readonly Inner[]): (readonly [string, Chain])[] {
  return inner.flatMap(({ own, chain }) => {
    const name = own.get('name');
    if (name?.text === undefined) return [];
    name.kept(`as models["${name.text}"]`);
    return [[name.text, chain] as const];
  });
}

function markStatusCodes(strategy: Setting | undefined): void {
  strategy
    ?.first('on_status_codes', 'onStatusCodes')
    ?.unsupported('which faults are tried elsewhere is fixed by their code; see docs/faults.md');
}

const notes: { readonly [field: string]: string } = {
  input_guardrails: 'guardrails are not part of this version',
  output_guardrails: 'guardrails are not part of this version',
  before_request_hooks: 'guardrails are not part of this version',
  after_request_hooks: 'guardrails are not part of this version',
  forward_headers: 'client headers are not forwarded; write them under headers of the host',
  on_status_codes: 'which faults are tried elsewhere is fixed by their code; see docs/faults.md',
  strict_open_ai_compliance: 'answers are always in the dialect of the route',
  metadata: 'let the client send metadata; it passes through',
};

function markCommon(settings: TargetSettings, { draft }: ImportContext): void {
  for (const [field, note] of Object.entries(notes)) settings.get(field)?.unsupported(note);
  for (const [field, one] of settings.get('override_params')?.entries() ?? []) {
    if (field !== 'model') one.unsupported('no parameters are added to requests: let the client send it');
  }
  const cache = settings.get('cache');
  const mode = cache?.text === undefined ? cache?.get('mode') : cache;
  if (mode?.text === 'semantic') mode.unsupported('there is only an exact cache: add a key with cache: all');
  else mode?.unsupported('the cache belongs to keys: add a key with cache: all');
  const age = cache?.first('max_age', 'maxAge');
  if (age?.count !== undefined) {
    draft.section('cache')['ttlSeconds'] = age.count;
    age.kept('as cache.ttlSeconds, for keys with cache: all');
  }
}
