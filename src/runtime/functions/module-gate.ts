import { createServer, type Server, type ServerResponse } from 'node:http';
import { moduleNames } from './entry-module.ts';

/** What one app is to the process that it runs in. */
export interface AppModules {
  readonly source: Buffer;
  readonly environment: { readonly [name: string]: string };
}

/**
 * Where a process gets the modules of its app, once. It asks at the end of its start and waits here until an app is
 * given to it; afterwards nobody listens any more, so that no guest has a way to us by what it imports.
 */
export class ModuleGate {
  /** Resolves when the process has done all that it can do before it knows its app. */
  readonly asked: Promise<void>;
  #wasAsked = false;
  readonly #server: Server;
  readonly #waiting: (() => void)[] = [];
  #modules: { readonly [name: string]: string } | undefined;
  #isOpen = true;

  private constructor() {
    let heard: (() => void) | undefined;
    this.asked = new Promise((resolve) => (heard = resolve));
    this.#server = createServer((request, response) => {
      this.#wasAsked = true;
      heard?.();
      const asked = new URL(request.url ?? '/', 'http://gate').searchParams.get('specifier') ?? '';
      const answer = (): void => this.#answer(asked.slice(1), response);
      if (this.#modules === undefined) this.#waiting.push(answer);
      else answer();
    });
    // Whoever waits here does so for as long as no app comes.
    this.#server.requestTimeout = 0;
    this.#server.maxConnections = 2;
  }

  /** Whether the process came as far as to its app. */
  get wasAsked(): boolean {
    return this.#wasAsked;
  }

  /** Listens on a unix socket. */
  static async open(path: string): Promise<ModuleGate> {
    const gate = new ModuleGate();
    await new Promise<void>((resolve, reject) => {
      gate.#server.once('error', reject);
      gate.#server.listen(path, resolve);
    });
    return gate;
  }

  /** Lets the process go on with this app. */
  give({ source, environment }: AppModules): void {
    this.#modules = {
      [moduleNames.environment]: `export default ${JSON.stringify(environment)};`,
      [moduleNames.guest]: source.toString('utf8'),
    };
    for (const answer of this.#waiting.splice(0)) answer();
  }

  /** Lets nobody in any more; what is being answered still is. */
  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#modules = undefined;
    this.#waiting.length = 0;
    this.#server.close();
    this.#server.closeIdleConnections();
  }

  #answer(name: string, response: ServerResponse): void {
    const source = this.#modules?.[name];
    if (source === undefined) {
      response.writeHead(404, { connection: 'close' }).end();
      return;
    }
    const isLast = name === moduleNames.guest;
    response.writeHead(200, { 'content-type': 'application/json', ...(isLast && { connection: 'close' }) });
    response.end(JSON.stringify({ name, esModule: source }));
    if (isLast) this.close();
  }
}
