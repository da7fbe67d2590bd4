/** What the configuration of one function process says. */
export interface WorkerConfig {
  /** Folder of the sockets, as the process sees it. */
  readonly socketFolder: string;
  /** Folder that answers pings: empty, so that no guest code has a part in it. */
  readonly emptyFolder: string;
  readonly heapMb: number;
  /** Whether requests of the guest may leave through the egress socket; otherwise they end inside the process. */
  readonly hasEgress: boolean;
}

/** Names of the sockets of a function process. */
export const socketNames = {
  http: 'http.sock',
  events: 'events.sock',
  health: 'health.sock',
  egress: 'egress.sock',
  modules: 'modules.sock',
};

/** The socket that the process listens on last, by its name in the configuration. */
export const lastSocket = 'health';

/** Files of the configuration folder; the configuration embeds them by these names. */
export const configFiles = { config: 'config.capnp', entry: 'entry.mjs' };

const compatibilityDate = '2026-11-01';

/**
 * Writes the configuration of a process as the text format of its engine. Nothing of an app stands in it: the process
 * asks for its module and its environment when all else is done, so that it can be started before anybody knows for
 * which app. There is no network service in it: where nothing may be reached, what stands for the internet refuses.
 */
export function writeWorkerConfig(config: WorkerConfig): string {
  const { socketFolder, emptyFolder, heapMb, hasEgress } = config;
  const socket = (name: string, file: string, service: string): string =>
    `(name = "${name}", address = ${text(`unix:${socketFolder}/${file}`)}, http = (), service = ${service})`;
  const egress = text(`unix:${socketFolder}/${socketNames.egress}`);
  const internet = `(name = "internet", external = (address = ${egress}, http = (style = proxy))),`;
  return `using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [
    (name = "app", worker = .app),
    ${hasEgress ? internet : ''}
    (name = "health", disk = (path = ${text(emptyFolder)})),
  ],
  sockets = [
    ${socket('http', socketNames.http, '"app"')},
    ${socket('events', socketNames.events, '(name = "app", entrypoint = "switchyardEvents")')},
    ${socket(lastSocket, socketNames.health, '"health"')},
  ],
  v8Flags = ["--max-heap-size=${heapMb}"],
  logging = (structuredLogging = true),
);

const app :Workerd.Worker = (
  modules = [
    (name = "switchyard-entry.mjs", esModule = embed "${configFiles.entry}"),
  ],
  compatibilityDate = "${compatibilityDate}",
  moduleFallback = ${text(`unix:${socketFolder}/${socketNames.modules}`)},
  globalOutbound = ${hasEgress ? '"internet"' : '(name = "app", entrypoint = "switchyardDenied")'},
);
`;
}

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
