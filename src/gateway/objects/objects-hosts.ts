import type { Catalog } from '../../catalog/index.ts';
import { type BufferedAnswer, callHost, type DispatchDeps, endpointOfHost } from '../../dispatch/index.ts';
import type { Endpoint, Host } from '../../domain/calls/endpoint.ts';
import { Fault } from '../../domain/faults/fault.ts';
import type { JsonObject } from '../../domain/calls/model-call.ts';
import { isObject } from '../../protocols/index.ts';
import type { Key } from '../../tenants/index.ts';
import type { ObjectDeps, ObjectRequest } from './objects-request.ts';

/** Where a new file goes: the host that the client names, else the first one that keeps files and is open to the key. */
export function hostForUpload({ key, hostName }: ObjectRequest, deps: ObjectDeps): Host | Fault {
  const { catalog } = deps.settings();
  const open = catalog.hosts().filter((host) => keepsFiles(host, deps.dispatch) && mayUseHost(key, host, catalog));
  const host = hostName === undefined ? open[0] : open.find(({ id }) => id === hostName);
  if (host) return host;
  const names = open.map(({ id }) => id).join(', ') || 'none';
  const message =
    hostName === undefined
      ? 'No configured host keeps files for this key.'
      : `The host "${hostName.slice(0, 100)}" keeps no files for this key. Hosts that do: ${names}.`;
  return new Fault(hostName === undefined ? 'no_candidate' : 'not_allowed', { message, param: 'x-switchyard-host' });
}

/** The host that keeps an object; a fault when it was taken out of the configuration. */
export function recordedHost(id: string, { settings }: ObjectDeps): Host | Fault {
  const host = settings().catalog.host(id);
  return host ?? new Fault('no_candidate', { message: `The host "${id}" of this object is not configured any more.` });
}

/** May the key use a model that a host knows under its own name, as in the rows of a batch? */
export function mayUseModelAt(
  key: Key,
  { host, upstreamModel }: { readonly host: Host; readonly upstreamModel: string },
  catalog: Catalog,
): boolean {
  if (key.mayUse(`${host.id}/${upstreamModel}`)) return true;
  return allowedEndpoints(key, catalog).some(
    (endpoint) => endpoint.host.id === host.id && endpoint.upstreamModel === upstreamModel,
  );
}

/** The endpoint that a host's own name of a model stands for: the configured one, which has its price, else by name. */
export function endpointAtHost(
  key: Key | undefined,
  { host, upstreamModel }: { readonly host: Host; readonly upstreamModel: string },
  catalog: Catalog,
): Endpoint | undefined {
  const configured = allowedEndpoints(key, catalog).find(
    (endpoint) => endpoint.host.id === host.id && endpoint.upstreamModel === upstreamModel,
  );
  if (configured) return configured;
  const named = catalog.resolve(`${host.id}/${upstreamModel}`);
  return Fault.is(named) ? undefined : named.endpoints[0];
}

/** Calls a host and reads its answer as an object, keeping the bytes for the client. */
export async function callForObject(
  call: Parameters<typeof callHost>[0],
  host: Host,
  deps: ObjectDeps,
): Promise<{ readonly answer: BufferedAnswer; readonly body: JsonObject } | Fault> {
  const answer = await callHost(call, host, deps.dispatch);
  if (Fault.is(answer)) return answer;
  const body = parseObject(answer.body);
  return body ? { answer, body } : new Fault('upstream_malformed', { message: 'The host answered without an object.' });
}

function keepsFiles(host: Host, dispatch: DispatchDeps): boolean {
  const endpoint = endpointOfHost(host);
  return dispatch.providerOf(endpoint).encodeObjectCall({ method: 'GET', path: '/files' }, endpoint) !== undefined;
}

function mayUseHost(key: Key, host: Host, catalog: Catalog): boolean {
  if (key.models.some((pattern) => pattern === '*' || pattern.startsWith(`${host.id}/`))) return true;
  return allowedEndpoints(key, catalog).some((endpoint) => endpoint.host.id === host.id);
}

/** Of every key, when none is given. */
function allowedEndpoints(key: Key | undefined, catalog: Catalog): Endpoint[] {
  const mayUse = (name: string): boolean => key === undefined || key.mayUse(name);
  return catalog.list().flatMap(({ id }) => {
    const model = mayUse(id) ? catalog.resolve(id) : undefined;
    if (!model || Fault.is(model)) return [];
    return model.endpoints.filter(({ modelName }) => mayUse(modelName));
  });
}

function parseObject(bytes: Buffer): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(bytes.toString());
    return isObject(value) ? value : undefined;
  } catch {
    // Not JSON: the caller names the fault.
    return undefined;
  }
}
