import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pixelBase64 } from './client-drive.ts';

const pixel = Buffer.from(pixelBase64, 'base64');
/** What the server gives for a document. */
export const pdf = Buffer.from('%PDF-1.4 a document');

/** A server of images and documents on this machine; counts whoever comes near it. */
export class MediaServer {
  readonly #server: Server;
  connections = 0;
  readonly paths: string[] = [];

  constructor() {
    this.#server = createServer((incoming, outgoing) => {
      const path = incoming.url ?? '';
      this.paths.push(path);
      const away = `http://localhost:${this.port}/pixel.png`;
      const redirects: { readonly [path: string]: string } = {
        '/near': '/pixel.png',
        '/away': away,
        '/round': '/round',
      };
      const to = redirects[path];
      if (to !== undefined) return outgoing.writeHead(302, { location: to }).end();
      if (path === '/page') return outgoing.writeHead(200, { 'content-type': 'text/html' }).end('<p>');
      if (path === '/gone') return outgoing.writeHead(404).end();
      if (path === '/huge') {
        return outgoing.writeHead(200, { 'content-type': 'image/png', 'content-length': 21 * 1024 * 1024 }).write('x');
      }
      const [type, bytes] = path === '/paper.pdf' ? ['application/pdf', pdf] : ['image/png; q=1', pixel];
      return outgoing.writeHead(200, { 'content-type': type }).end(bytes);
    });
    this.#server.on('connection', () => (this.connections += 1));
  }

  get pixelUrl(): URL {
    return new URL(`http://127.0.0.1:${this.port}/pixel.png`);
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  open(): Promise<void> {
    return new Promise((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }
}
