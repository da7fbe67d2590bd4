import type { LoadedConfig } from '../config/index.ts';
import type { NetworkSettings } from '../dispatch/index.ts';
import { Fault } from '../domain/faults/fault.ts';
import type { ServeOptions } from './serve-options.ts';

/** How upstreams are reached: the configuration's word, else the environment's. */
export function networkOf({ config }: LoadedConfig, environment: ServeOptions['environment']): NetworkSettings {
  const proxyUrl = config.network.proxy ?? environment['HTTPS_PROXY'] ?? environment['https_proxy'];
  const listed = environment['NO_PROXY'] ?? environment['no_proxy'] ?? '';
  const noProxy =
    config.network.noProxy ??
    listed
      .split(',')
      .map((entry) => entry.trim())
      .filter((entry) => entry !== '');
  const { caFile } = config.network;
  return { noProxy, ...(proxyUrl && { proxyUrl }), ...(caFile !== undefined && { caFile }) };
}

/** A gateway that anyone can reach and nobody has to have a key for is never started. */
export function refuseOpenBind(bindHost: string, loaded: LoadedConfig): void {
  const isLoopback = bindHost === 'localhost' || bindHost === '::1' || bindHost.startsWith('127.');
  if (isLoopback || loaded.config.keys.length > 0) return;
  const message = `Refusing to listen on ${bindHost} without keys: add at least one under "keys" in ${loaded.file}, or bind 127.0.0.1.`;
  throw new Fault('not_allowed', { message });
}
