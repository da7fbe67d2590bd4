import type { ConfigDraft } from '../config-draft.ts';
import type { Setting } from '../setting.ts';

/** What a list of fallbacks means for the models it names. */
interface Effect {
  readonly note: string;
  /** Our fallback serves every fault that may be tried elsewhere, not only this one. */
  readonly isWider: boolean;
  apply?(model: ReturnType<ConfigDraft['model']>): void;
}

const plain: Effect = { note: 'as fallback of the model', isWider: false };
const context: Effect = {
  note: 'as fallback of the model, taken for too long prompts by its context size, and for other faults too',
  isWider: true,
};
const refusal: Effect = {
  note: 'as fallback of the model with policy.refusalFallback, taken for other faults too',
  isWider: true,
  apply: (model) => void (model.policy.refusalFallback = true),
};

/** Reads every list of fallbacks of one settings section. */
export function readFallbacks(section: Setting | undefined, draft: ConfigDraft): void {
  applyLists(section?.get('fallbacks'), plain, draft);
  applyLists(section?.get('context_window_fallbacks'), context, draft);
  applyLists(section?.get('content_policy_fallbacks'), refusal, draft);
  const everywhere = section?.get('default_fallbacks');
  if (everywhere === undefined) return;
  if (everywhere.text !== undefined) return everywhere.unsupported('a list of model names is needed');
  for (const name of draft.models.keys()) addAll(name, everywhere, { effect: plain, draft });
}

/** `[{ model: [other, …] }, …]`, with `*` for all models. */
function applyLists(lists: Setting | undefined, effect: Effect, draft: ConfigDraft): void {
  for (const item of lists?.items() ?? []) {
    for (const [name, targets] of item.entries()) {
      if (name === '*') for (const model of draft.models.keys()) addAll(model, targets, { effect, draft });
      else if (draft.models.has(name)) addAll(name, targets, { effect, draft });
      else targets.unsupported(`"${name}" is no model of this configuration`);
    }
  }
}

function addAll(name: string, targets: Setting, { effect, draft }: { effect: Effect; draft: ConfigDraft }): void {
  const model = draft.model(name);
  for (const target of targets.items()) {
    const { text } = target;
    if (text === undefined) {
      target.unsupported('fallbacks with parameters of their own: make a model of it and name that');
    } else if (text === name) {
      target.changed('a model is no fallback of itself');
    } else if (!draft.models.has(text)) {
      target.unsupported(`"${text}" is no model of this configuration`);
    } else {
      if (!model.fallback.includes(text)) model.fallback.push(text);
      effect.apply?.(model);
      if (effect.isWider) target.changed(effect.note);
      else target.kept(effect.note);
    }
  }
}
