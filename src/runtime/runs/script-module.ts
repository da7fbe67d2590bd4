/** Ends text that is to be passed on as it stands; a line without it is the engine's own. */
export const exactMark = '\u0002';

/** Ends the output: nothing of the script comes after it. */
export const endMark = '\u0003';

/** Whoever looks for the imports of this program must not find those of the script's. */
const load = 'import';

/**
 * Makes the module that runs a bundled script within a request, the only place where its engine allows timers and
 * connections. The bundle's own imports become calls, since a function cannot import; the bundler has lowered what
 * else could begin a line with that word.
 */
export function scriptModule(bundle: string): string {
  const body = bundle
    .replace(/^import (?:([\w$*{][\s\S]*?) from )?"([^"\n]+)";$/gm, (_all, names: string | undefined, from: string) =>
      names === undefined ? `await load(${JSON.stringify(from)});` : importOf(names, from),
    )
    .replace(/^export \{[^}]*\};$/gm, '')
    .replace(/^export default /gm, '')
    .replace(/^export /gm, '');
  return `${harness}
const script = async (process, console, require, load, timers, fetch) => {
const { setTimeout, setInterval, setImmediate, clearTimeout, clearInterval, clearImmediate } = timers;
const global = globalThis, __filename = process.argv[1], __dirname = '/';
${body}
};
`;
}

function importOf(names: string, from: string): string {
  const [, first, , rest] = /^([\w$]+)?(, )?([\s\S]*)$/.exec(names) ?? [];
  const loaded = `await load(${JSON.stringify(from)})`;
  const parts = [];
  if (first !== undefined) parts.push(`const { default: ${first} } = ${loaded};`);
  if (rest !== undefined && rest.startsWith('*')) parts.push(`const ${rest.replace(/^\* as /, '')} = ${loaded};`);
  else if (rest !== undefined && rest !== '') parts.push(`const ${rest.replaceAll(/ as /g, ': ')} = ${loaded};`);
  return parts.join(' ');
}

/** What a script finds of Node besides the engine's own part of it, and what waits until nothing of it is left to do. */
const harness = `${load} { createRequire } from 'node:module';
${load} { Readable } from 'node:stream';
${load} { format, inspect } from 'node:util';
${load} * as fs from 'node:fs';
${load} nodeProcess from 'node:process';

const write = { stdout: console.log.bind(console), stderr: console.error.bind(console) };
const longest = 8192;
function say(stream, text) {
  for (let at = 0; at < text.length; at += longest) write[stream](text.slice(at, at + longest) + '${exactMark}');
}
class Exit extends Error {}

function consoleOf() {
  const own = Object.create(console);
  for (const name of ['log', 'info', 'debug', 'dir']) own[name] = (...values) => say('stdout', format(...values) + '\\n');
  for (const name of ['error', 'warn', 'trace']) own[name] = (...values) => say('stderr', format(...values) + '\\n');
  own.table = (value) => own.log(inspect(value));
  own.assert = (holds, ...values) => { if (!holds) own.error('Assertion failed' + (values.length ? ': ' + format(...values) : '')); };
  return own;
}

/** Counts what is still to come: as long as there is something, a program of Node would go on. */
function counterOf(failed) {
  const state = { left: 0, wake: undefined };
  const ended = () => { if (--state.left === 0) state.wake?.(); };
  const live = new Set();
  const timer = (set, repeats) => (act, ms, ...values) => {
    state.left++;
    const handle = set(() => {
      if (!repeats) live.delete(handle);
      try { act(...values); } catch (error) { failed(error); }
      if (!repeats) ended();
    }, ms);
    live.add(handle);
    return handle;
  };
  const clear = (handle) => { clearTimeout(handle); if (live.delete(handle)) ended(); };
  const setImmediate = timer((act) => setTimeout(act, 0), false);
  const hold = (promise) => { state.left++; promise.then(ended, ended); return promise; };
  for (const name of ['text', 'json', 'arrayBuffer', 'blob', 'bytes', 'formData']) {
    const read = Response.prototype[name];
    if (read) Response.prototype[name] = function (...values) { return hold(read.apply(this, values)); };
  }
  return {
    timers: {
      setTimeout: timer(setTimeout, false), setInterval: timer(setInterval, true), setImmediate,
      clearTimeout: clear, clearInterval: clear, clearImmediate: clear,
    },
    fetch: (...values) => hold(fetch(...values)),
    async idle() {
      for (let quiet = 0; quiet < 3; quiet++) {
        while (state.left > 0) { quiet = 0; await new Promise((resolve) => (state.wake = resolve)); }
        await new Promise((resolve) => setTimeout(resolve, 0));
      }
    },
  };
}

function processOf(order, env, exit) {
  const stdin = Readable.from(order.stdin === '' ? [] : [Buffer.from(order.stdin, 'base64')], { objectMode: false });
  const own = Object.create(nodeProcess);
  const stream = (name) => ({ isTTY: false, write(text) { say(name, String(text)); return true; }, end() {}, on() { return this; }, once() { return this; } });
  const fields = {
    argv: ['node', '/' + order.entry, ...order.arguments], env: { ...env }, exitCode: undefined, stdin,
    stdout: stream('stdout'), stderr: stream('stderr'),
    exit(code) { exit(code ?? own.exitCode ?? 0); throw new Exit(); },
  };
  for (const [name, value] of Object.entries(fields)) Object.defineProperty(own, name, { value, writable: true, enumerable: true });
  return own;
}

function loaderOf(order, process, timers) {
  const isInput = (path) => path === 0 || path === '/dev/stdin';
  const input = (options) => {
    const bytes = Buffer.from(order.stdin, 'base64');
    const encoding = typeof options === 'string' ? options : options?.encoding;
    return encoding ? bytes.toString(encoding) : bytes;
  };
  const readFileSync = (path, options) => (isInput(path) ? input(options) : fs.readFileSync(path, options));
  const ownFs = { ...fs, readFileSync };
  const wait = (ms, value) => new Promise((resolve) => timers.setTimeout(() => resolve(value), ms));
  const given = {
    fs: { ...ownFs, default: { ...fs.default, readFileSync } },
    process: { ...process, default: process },
    timers: { ...timers, default: timers },
    'timers/promises': { setTimeout: wait, setImmediate: (value) => wait(0, value), default: { setTimeout: wait } },
  };
  const bare = (name) => name.replace(/^node:/, '');
  const nodeRequire = createRequire('/');
  return {
    load: async (name) => given[bare(name)] ?? import('node:' + bare(name)),
    require: (name) => given[bare(name)]?.default ?? nodeRequire('node:' + bare(name)),
  };
}

export default {
  async fetch(request, env) {
    const order = await request.json();
    let tell;
    const told = new Promise((resolve) => (tell = resolve));
    const failed = (error) => {
      if (error instanceof Exit) return;
      say('stderr', 'Uncaught ' + (error instanceof Error ? (error.stack ?? String(error)) : inspect(error)) + '\\n');
      tell(1);
    };
    addEventListener('unhandledrejection', (event) => failed(event.reason));
    const process = processOf(order, env, tell);
    const counter = counterOf(failed);
    const { load, require } = loaderOf(order, process, counter.timers);
    script(process, consoleOf(), require, load, counter.timers, counter.fetch)
      .then(() => counter.idle())
      .then(() => tell(process.exitCode ?? 0), failed);
    const code = await told;
    write.stdout('${endMark}');
    write.stderr('${endMark}');
    return Response.json({ code: Number(code) & 255 });
  },
};
`;
