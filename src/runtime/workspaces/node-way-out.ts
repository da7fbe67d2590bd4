import { forwarderPort } from './forwarder-script.ts';

/** Where programs of Node find what makes their `fetch` take the way out. */
export const nodeWayOutPath = '/opt/switchyard/lib/way-out.cjs';

/**
 * Python, curl and most libraries look for a proxy in the environment; `fetch` of Node does so only in later versions.
 * This is loaded before a guest's program where there is a way out: every connection of `fetch` becomes a tunnel.
 */
export const nodeWayOut = `'use strict';
const net = require('node:net');
const tls = require('node:tls');
function connect({ hostname, port, protocol, servername }, callback) {
  const isSecure = protocol === 'https:';
  const to = hostname.replace(/^\\[|\\]$/g, '') + ':' + (port || (isSecure ? 443 : 80));
  const isOwn = /^(localhost|127\\.|::1|\\[::1\\])/.test(hostname);
  const socket = isOwn ? net.connect(port || 80, hostname) : net.connect(${forwarderPort}, '127.0.0.1');
  const settled = { is: false };
  const done = (error, made) => { if (!settled.is) { settled.is = true; callback(error, made); } };
  const secure = () => {
    if (!isSecure) return done(null, socket);
    const secured = tls.connect({ socket, servername: servername || hostname, ALPNProtocols: ['http/1.1'] }, () => done(null, secured));
    secured.on('error', done);
  };
  socket.on('error', done);
  socket.once('connect', () => {
    if (isOwn) return secure();
    socket.write('CONNECT ' + to + ' HTTP/1.1\\r\\nhost: ' + to + '\\r\\n\\r\\n');
    let head = '';
    const hear = (bytes) => {
      head += bytes.toString('latin1');
      if (!head.includes('\\r\\n\\r\\n')) return;
      socket.off('data', hear);
      socket.pause();
      const status = head.slice(9, 12);
      if (status === '200') return secure();
      socket.destroy();
      done(new Error('the policy of this sandbox does not allow ' + to + ' (' + status + ')'));
    };
    socket.on('data', hear);
  });
}
const name = Symbol.for('undici.globalDispatcher.1');
// Naming it loads what fetch is made of.
void globalThis.Response;
const Agent = globalThis[name]?.constructor;
if (Agent) globalThis[name] = new Agent({ connect });
`;
