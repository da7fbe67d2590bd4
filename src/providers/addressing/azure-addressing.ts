import type { Endpoint } from '../../domain/calls/endpoint.ts';
import type { AddressedCall, Addressing } from '../provider-definition.ts';
import { openAIAddressing, openAIPath } from './openai-addressing.ts';

const layout = openAIAddressing(['openai-chat', 'openai-responses']);

/**
 * Azure OpenAI in both of its forms. A base URL that ends in `/v1` takes the deployment as model in the body and a
 * version only for previews; the older form names the deployment in the path and demands a version.
 */
export const azureAddressing: Addressing = {
  ...layout,
  pathFor(call) {
    return isVersioned(call.endpoint) ? currentPath(call) : datedPath(call);
  },
  objectPath(path, endpoint) {
    const [route = '', query] = path.split('?', 2);
    const parameters = new URLSearchParams(query);
    const version = apiVersionOf(endpoint);
    if (!isVersioned(endpoint) || isPreview(version)) parameters.set('api-version', version);
    const root = isVersioned(endpoint) || endpoint.host.baseUrl.endsWith('/openai') ? '' : '/openai';
    return root + route + (parameters.size > 0 ? `?${parameters}` : '');
  },
};

function isVersioned(endpoint: Endpoint): boolean {
  return endpoint.host.baseUrl.endsWith('/v1');
}

function currentPath({ operation, dialect, endpoint }: AddressedCall): string {
  const version = apiVersionOf(endpoint);
  return openAIPath(operation, dialect) + (isPreview(version) ? `?api-version=${version}` : '');
}

function isPreview(version: string): boolean {
  return version === 'preview' || version === 'latest';
}

function datedPath({ operation, dialect, endpoint }: AddressedCall): string {
  const root = endpoint.host.baseUrl.endsWith('/openai') ? '' : '/openai';
  const deployment = dialect === 'openai-responses' ? '' : `/deployments/${encodeURIComponent(endpoint.upstreamModel)}`;
  const version = encodeURIComponent(apiVersionOf(endpoint));
  return `${root}${deployment}${openAIPath(operation, dialect)}?api-version=${version}`;
}

/** The last dated version that is generally available, for hosts configured with a plain key. */
function apiVersionOf({ host: { auth } }: Endpoint): string {
  return auth.type === 'azure' ? auth.apiVersion : '2024-10-21';
}
