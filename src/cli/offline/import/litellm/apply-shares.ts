import type { ConfigDraft } from '../config-draft.ts';
import type { Setting } from '../setting.ts';
import type { Deployment } from './read-deployment.ts';

const maxWeight = 1_000_000;

/**
 * Adds the deployments to their models. Traffic is shared as LiteLLM shares it: by weight where one is stated, else by
 * requests per minute, else by tokens per minute, else equally.
 */
export function applyShares(deployments: readonly Deployment[], draft: ConfigDraft): void {
  const groups = new Map<string, Deployment[]>();
  for (const one of deployments) groups.set(one.modelName, [...(groups.get(one.modelName) ?? []), one]);
  for (const [modelName, group] of groups) {
    const by = (['weight', 'rpm', 'tpm'] as const).find((name) =>
      group.some(({ shares }) => shares[name] !== undefined),
    );
    const largest = Math.max(...group.map(({ shares }) => shares[by ?? 'weight']?.number ?? 0));
    const scale = largest > maxWeight ? maxWeight / largest : 1;
    const { endpoints } = draft.model(modelName);
    for (const { endpoint, shares } of group) {
      const setting = by === undefined || (by !== 'weight' && group.length === 1) ? undefined : shares[by];
      const weight = setting && readShare(setting, scale);
      if (setting !== undefined && weight !== undefined) explain(setting, { by: by ?? 'weight', weight, scale });
      endpoints.push({ ...endpoint, ...(weight !== undefined && { weight }) });
    }
  }
}

function readShare(setting: Setting, scale: number): number | undefined {
  const share = setting.number;
  if (share === undefined || share < 0) {
    setting.unsupported('no number from 0; the endpoint gets weight 1');
    return undefined;
  }
  return scale === 1 ? share : Math.round(share * scale);
}

function explain(setting: Setting, { by, weight, scale }: { by: string; weight: number; scale: number }): void {
  if (by === 'weight' && scale === 1) setting.kept('as weight of the endpoint');
  else if (by === 'weight') setting.changed(`as weight ${weight} of the endpoint, scaled down with the others`);
  else
    setting.changed(`as weight ${weight} of the endpoint; it shares the traffic but is no limit (keys[].limits are)`);
}
