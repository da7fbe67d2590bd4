import type { Sealer } from '../../tenants/index.ts';
import { defaultEgressBytes, type EgressPolicy } from '../egress/index.ts';
import { defaultFunctionLimits, type FunctionLimits, type FunctionSpec } from '../functions/index.ts';
import type { AppVersion, AssetEntry } from './app-types.ts';
import type { BlobStore } from './blob-store.ts';
import type { LiveRows } from './live-store.ts';
import { sha256Of } from './version-digest.ts';

/** A version that is being served. */
export interface LiveVersion {
  readonly app: string;
  readonly version: string;
  /** Changes with the values of its secrets: another process then. */
  readonly generation: string;
  readonly assets: ReadonlyMap<string, AssetEntry>;
  /** False for a site of static files only. */
  readonly hasCode: boolean;
  readonly limits: FunctionLimits;
  /** All that is needed to start it; reads its bundle. */
  spec(): Promise<FunctionSpec>;
}

/** What live versions are made with. */
export interface LiveVersionDeps {
  readonly blobs: BlobStore;
  sealer(): Sealer;
  /** Where apps reach the gateway; undefined before it listens. */
  gatewayOrigin(): string | undefined;
}

/** Name under which apps reach the gateway. */
const gatewayHost = 'switchyard.internal';
const gatewayPaths = ['/v1/', '/openai/v1/', '/anthropic/v1/', '/v1beta/', '/genai/'];
/** Stands in the guest for the key that the proxy puts into its requests. */
const boundKey = 'bound-to-this-app';

/** What a secret of an app is sealed for. */
export const secretPurpose = (app: string, name: string): string => `app-secret:${app}:${name}`;

/** What the key of an app is sealed for. */
export const keyPurpose = (app: string): string => `app-key:${app}`;

/** Makes a version ready to be served out of its rows. */
export function toLiveVersion(
  { app, version, manifest }: Pick<AppVersion, 'app' | 'version' | 'manifest'>,
  rows: LiveRows,
  deps: LiveVersionDeps,
): LiveVersion {
  const { settings, bundle, assets } = manifest;
  const sealed = rows.secrets.get(app) ?? new Map<string, string>();
  const key = settings.models ? rows.keys.get(app) : undefined;
  const named = [...settings.secrets, ...settings.network.headers.map(({ secret }) => secret)];
  const generation = sha256Of(Buffer.from(JSON.stringify([named.map((name) => sealed.get(name)), key]))).slice(0, 16);
  const limits = { ...defaultFunctionLimits, ...settings.limits };
  const open = (name: string): string | undefined => {
    const value = sealed.get(name);
    return value === undefined ? undefined : deps.sealer().open(value, secretPurpose(app, name));
  };
  return {
    app,
    version,
    generation,
    assets: new Map(assets.map((asset) => [asset.path, asset])),
    hasCode: bundle !== null,
    limits,
    async spec() {
      const source = await deps.blobs.get(bundle?.sha256 ?? '');
      if (source === undefined) throw new Error(`the code of ${app} ${version} is not on this gateway`);
      const secrets = settings.secrets.flatMap((name) => [[name, open(name)] as const]);
      const given = Object.fromEntries(
        secrets.flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
      );
      const modelKey = key === undefined ? undefined : deps.sealer().open(key, keyPurpose(app));
      const gateway = { SWITCHYARD_URL: `http://${gatewayHost}`, SWITCHYARD_KEY: boundKey };
      return {
        app,
        version,
        generation,
        source,
        environment: { ...settings.environment, ...given, ...(settings.models && gateway) },
        secrets: Object.values(given),
        limits,
        egress: policyOf({ settings, open, modelKey, origin: deps.gatewayOrigin() }),
      };
    },
  };
}

interface PolicyParts {
  readonly settings: AppVersion['manifest']['settings'];
  readonly modelKey: string | undefined;
  readonly origin: string | undefined;
  open(name: string): string | undefined;
}

/** What a version may reach; undefined when that is nothing. */
function policyOf({ settings, open, modelKey, origin }: PolicyParts): EgressPolicy | undefined {
  const { allow, headers } = settings.network;
  const isModelled = modelKey !== undefined && origin !== undefined;
  if (allow.length === 0 && !isModelled) return undefined;
  const added = headers.flatMap(({ host, name, secret, prefix = '' }) => {
    const value = open(secret);
    return value === undefined ? [] : [{ host, name, value: prefix + value }];
  });
  const ownKey = { host: gatewayHost, name: 'authorization', value: `Bearer ${modelKey}` };
  return {
    allow,
    headers: isModelled ? [...added, ownKey] : added,
    maxBytes: defaultEgressBytes,
    services: isModelled ? { [gatewayHost]: { origin, paths: gatewayPaths } } : {},
  };
}
