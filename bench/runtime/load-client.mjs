// Asks one address over and over on kept connections, with as little work of its own as can be: what is measured is
// the other side. Prints how many answers there were, how many were no 200, and how long it took.
import { connect } from 'node:net';

const [port = '0', path = '/', connections = '16', requests = '1000'] = process.argv.slice(2);
const asked = Buffer.from(`GET ${path} HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n`);
const state = { left: Number(requests), failed: 0 };

function visit() {
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), '127.0.0.1');
    let text = '';
    const next = () => {
      if (state.left-- > 0) socket.write(asked);
      else socket.destroy();
    };
    socket.setNoDelay(true);
    socket.on('connect', next);
    socket.on('data', (bytes) => {
      text += bytes.toString('latin1');
      const end = text.indexOf('\r\n\r\n');
      const length = /\r\ncontent-length: (\d+)/i.exec(text)?.[1];
      if (end < 0 || length === undefined || text.length < end + 4 + Number(length)) return;
      if (!text.startsWith('HTTP/1.1 200')) state.failed += 1;
      text = text.slice(end + 4 + Number(length));
      next();
    });
    socket.on('error', reject);
    socket.on('close', () => resolve());
  });
}

const startedMs = performance.now();
await Promise.all(Array.from({ length: Number(connections) }, visit));
process.stdout.write(JSON.stringify({ failed: state.failed, tookMs: performance.now() - startedMs }));
