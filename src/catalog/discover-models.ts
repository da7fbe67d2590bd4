import { request } from 'undici';
import type { Host } from '../domain/calls/endpoint.ts';
import { isJsonObject } from '../domain/json/is-json-object.ts';

/** A server on this machine has answered long before. */
const limitMs = 300;
const maxListBytes = 1024 * 1024;
const maxModels = 500;
const modelName = /^[^\s\p{Cc}]{1,200}$/u;

/** Asks a host for its models; undefined when nobody answers in time, or what answers is no model server. */
export async function discoverModels(host: Host): Promise<readonly string[] | undefined> {
  try {
    const signal = AbortSignal.timeout(limitMs);
    const { auth } = host;
    const answer = await request(`${host.baseUrl}/models`, {
      signal,
      headers: {
        accept: 'application/json',
        ...host.headers,
        ...(auth.type === 'api-key' && { authorization: `Bearer ${auth.apiKey}` }),
      },
    });
    const text = await readBounded(answer.body);
    const isList = answer.statusCode === 200 && /\bjson\b/i.test(String(answer.headers['content-type']));
    // Another gateway of ours may listen on the port; its models are not this host's.
    const isOurs = answer.headers['x-switchyard-request-id'] !== undefined;
    return text === undefined || !isList || isOurs ? undefined : readModelList(text);
  } catch {
    // Nobody there, too slow, or not HTTP: all of them mean that there is no such server.
    return undefined;
  }
}

/** Model ids of an OpenAI-style list; undefined when the text is anything else, such as some other service's JSON. */
export function readModelList(text: string): readonly string[] | undefined {
  const list = parse(text);
  if (!isJsonObject(list) || list['object'] !== 'list' || !Array.isArray(list['data'])) return undefined;
  const names: string[] = [];
  for (const item of list['data'].slice(0, maxModels) as readonly unknown[]) {
    if (!isJsonObject(item) || typeof item['id'] !== 'string' || !modelName.test(item['id'])) return undefined;
    if (item['object'] !== undefined && item['object'] !== 'model') return undefined;
    names.push(item['id']);
  }
  return names;
}

async function readBounded(body: AsyncIterable<Buffer> & { destroy(): unknown }): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  for await (const chunk of body) {
    sizeBytes += chunk.length;
    if (sizeBytes > maxListBytes) {
      body.destroy();
      return undefined;
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Not JSON, so not a list.
    return undefined;
  }
}
