/** What the configuration of one function process says. */
export interface WorkerConfig {
  /** Folder of the sockets, as the process sees it. */
  readonly socketFolder: string;
  /** Folder that answers pings: empty, so that no guest code has a part in it. */
  readonly emptyFolder: string;
  readonly heapMb: number;
  readonly environment: { readonly [name: string]: string };
  /** Whether requests of the guest may leave through the egress socket; otherwise they end inside the process. */
  readonly hasEgress: boolean;
}

/** Names of the sockets of a function process. */
export const socketNames = { http: 'http.sock', events: 'events.sock', health: 'health.sock', egress: 'egress.sock' };

/** Files of the configuration folder; the configuration embeds them by these names. */
export const configFiles = { config: 'config.capnp', entry: 'entry.mjs', guest: 'guest.mjs' };

const compatibilityDate = '2026-11-01';

/**
 * Writes the configuration of a process as the text format of its engine. There is no network service in it: where
 * nothing may be reached, what stands for the internet is a worker that refuses.
 */
export function writeWorkerConfig(config: WorkerConfig): string {
  const { socketFolder, emptyFolder, heapMb, environment, hasEgress } = config;
  const socket = (name: string, file: string, service: string): string =>
    `(name = "${name}", address = ${text(`unix:${socketFolder}/${file}`)}, http = (), service = ${service})`;
  const egress = text(`unix:${socketFolder}/${socketNames.egress}`);
  return `using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [
    (name = "app", worker = .app),
    ${hasEgress ? `(name = "internet", external = (address = ${egress}, http = (style = proxy)))` : '(name = "internet", worker = .denied)'},
    (name = "health", disk = (path = ${text(emptyFolder)})),
  ],
  sockets = [
    ${socket('http', socketNames.http, '"app"')},
    ${socket('events', socketNames.events, '(name = "app", entrypoint = "switchyardEvents")')},
    ${socket('health', socketNames.health, '"health"')},
  ],
  v8Flags = ["--max-heap-size=${heapMb}"],
  logging = (structuredLogging = true),
);

const app :Workerd.Worker = (
  modules = [
    (name = "switchyard-entry.mjs", esModule = embed "${configFiles.entry}"),
    (name = "guest.mjs", esModule = embed "${configFiles.guest}"),
  ],
  compatibilityDate = "${compatibilityDate}",
  bindings = [
${Object.entries(environment)
  .map(([name, value]) => `    (name = ${text(name)}, text = ${text(value)}),`)
  .join('\n')}
  ],
  globalOutbound = "internet",
);

const denied :Workerd.Worker = (
  modules = [(name = "denied.mjs", esModule = ${text(deniedModule)})],
  compatibilityDate = "${compatibilityDate}",
);
`;
}

const deniedModule = `export default {
  fetch() {
    return Response.json({ code: 'egress_denied', detail: 'This app may reach no other host: its version names none.' }, { status: 403 });
  },
};
`;

/** A string of the text format: everything but plain ASCII as escapes, so that no value can end it. */
function text(value: string): string {
  const bytes = Buffer.from(value, 'utf8');
  let escaped = '';
  for (const byte of bytes) {
    const isPlain = byte >= 0x20 && byte < 0x7f && byte !== 0x22 && byte !== 0x5c;
    escaped += isPlain ? String.fromCharCode(byte) : `\\x${byte.toString(16).padStart(2, '0')}`;
  }
  return `"${escaped}"`;
}
