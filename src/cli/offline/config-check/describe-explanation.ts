import { alignRows } from '../../shell/align-rows.ts';
import type { EndpointExplanation, Explanation, HostExplanation, ModelExplanation } from './explain-config.ts';

/** Tells what a configuration means, each thing with the line it stands on. */
export function describeExplanation({ hosts, models, aliases, jobs, keys }: Explanation): string[] {
  return [
    ...section('hosts', alignRows(hosts.map(hostRow))),
    ...section('models', models.flatMap(describeModel)),
    ...section(
      'jobs',
      jobs.map(({ name, line, leadsTo }) => `job/${name}  candidates ${leadsTo.join(', ')}  (line ${line})`),
    ),
    ...section(
      'aliases',
      aliases.map(({ name, line, leadsTo }) => `${name} -> ${leadsTo.join(', ')}  (line ${line})`),
    ),
    ...section(
      'keys',
      keys.map(
        ({ name, line, leadsTo, secret }) => `${name}  ${secret}  may use ${leadsTo.join(', ')}  (line ${line})`,
      ),
    ),
    ...(keys.length === 0 ? ['keys', '  none: only this machine may call, without a key', ''] : []),
  ];
}

function section(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : [title, ...lines.map((line) => `  ${line}`), ''];
}

function hostRow(host: HostExplanation): string[] {
  const credentials = host.credentials.map(({ reference, isSet }) => `${reference}${isSet ? '' : ' (NOT SET)'}`);
  const place = host.line === undefined ? '(from the environment)' : `(line ${host.line})`;
  return [
    host.id,
    host.protocol,
    host.baseUrl,
    credentials.length === 0 && host.line !== undefined ? 'no credentials' : credentials.join(' '),
    `quirks of ${host.quirksOf}`,
    place,
  ];
}

function describeModel({ name, line, endpoints, maxAttempts }: ModelExplanation): string[] {
  return [
    `${name}  (line ${line}), at most ${maxAttempts} attempts`,
    ...alignRows(endpoints.map(endpointRow)).map((row) => `  ${row}`),
  ];
}

function endpointRow({ id, weight, fallbackModel, price }: EndpointExplanation): string[] {
  const prices = Object.entries(price ?? {}).map(([bucket, text]) => `${bucket} ${text}`);
  return [
    id,
    fallbackModel === undefined ? `weight ${weight}` : `fallback ${fallbackModel}`,
    prices.length === 0 ? 'price unknown' : `USD per million: ${prices.join(', ')}`,
  ];
}
