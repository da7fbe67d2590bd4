import { general } from './attribute-names.ts';
import type { OtlpTarget } from './otlp-sender.ts';

/** What the configuration says about the collector. */
export interface TelemetrySettings {
  /** Root of the collector, or the address of its traces route. */
  readonly otlpEndpoint?: string | undefined;
  /** Headers as `name=value,name=value`, already read from where they are kept. */
  readonly otlpHeaders?: string | undefined;
}

type Environment = { readonly [name: string]: string | undefined };

const tracesPath = '/v1/traces';

/** The collector of the configuration, else of the standard environment variables; undefined when there is none. */
export function readOtlpTarget(settings: TelemetrySettings, environment: Environment): OtlpTarget | undefined {
  const url = tracesUrl(settings, environment);
  if (url === undefined || environment['OTEL_SDK_DISABLED']?.toLowerCase() === 'true') return undefined;
  const headers = settings.otlpHeaders ?? environment['OTEL_EXPORTER_OTLP_HEADERS'] ?? '';
  return {
    url,
    headers: parseHeaderList(headers),
    resource: { [general.serviceName]: environment['OTEL_SERVICE_NAME'] ?? 'switchyard' },
  };
}

function tracesUrl({ otlpEndpoint }: TelemetrySettings, environment: Environment): string | undefined {
  const exact = environment['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT'];
  if (otlpEndpoint === undefined && exact) return URL.canParse(exact) ? exact : undefined;
  const root = otlpEndpoint ?? environment['OTEL_EXPORTER_OTLP_ENDPOINT'];
  if (!root || !URL.canParse(root)) return undefined;
  const trimmed = root.replace(/\/+$/, '');
  return trimmed.endsWith(tracesPath) ? trimmed : trimmed + tracesPath;
}

/** `name=value` pairs with percent-encoded values; what is not one is left out. */
function parseHeaderList(text: string): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const pair of text.split(',')) {
    const at = pair.indexOf('=');
    const name = pair.slice(0, Math.max(at, 0)).trim().toLowerCase();
    if (/^[a-z0-9-]+$/.test(name)) headers[name] = decode(pair.slice(at + 1).trim());
  }
  return headers;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    // A bare percent sign in a token is meant as it is.
    return text;
  }
}
