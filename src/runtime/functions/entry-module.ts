/** Header that carries the id of a request to the guest, and nothing that comes from outside. */
export const requestIdHeader = 'x-switchyard-request-id';

/** Header by which the entry module tells that the guest threw; it never leaves the ingress. */
export const failureHeader = 'x-switchyard-failure';

/** Wraps the request id in what the guest logs; the guest can forge it in its own lines only. */
export const logMark = '\u0001';

/** What the entry module asks for, by the names that it asks with. */
export const moduleNames = { environment: 'environment.mjs', guest: 'guest.mjs' };

/** Whoever looks for the imports of this program must not find those of the guest's. */
const load = 'import';

/**
 * The module that the process starts with. It hands requests and events to the guest's default export, tells whether
 * the guest could be loaded, and marks each line that is logged with the request it belongs to. It asks for the
 * environment and the guest last: until they are given, the process waits with everything else done.
 */
export const entryModule = `${load} { AsyncLocalStorage } from 'node:async_hooks';
${load} { env } from 'cloudflare:workers';

const current = new AsyncLocalStorage();
for (const level of ['debug', 'log', 'info', 'warn', 'error', 'trace']) {
  const write = console[level].bind(console);
  console[level] = (...values) => write('${logMark}' + (current.getStore() ?? '') + '${logMark}', ...values);
}

Object.assign(env, (await ${load}('./${moduleNames.environment}')).default);
const app = (await ${load}('./${moduleNames.guest}')).default;

function describe(error) {
  return error instanceof Error ? (error.stack ?? String(error)) : 'thrown: ' + String(error);
}

function failed(error) {
  console.error(describe(error));
  return new Response('The app failed.', { status: 500, headers: { '${failureHeader}': 'threw' } });
}

export default {
  fetch(request, env, context) {
    const id = request.headers.get('${requestIdHeader}') ?? '';
    return current.run(id, () => {
      try {
        const answer = app.fetch(request, env, context);
        return typeof answer?.then === 'function' ? answer.then(undefined, failed) : answer;
      } catch (error) {
        return failed(error);
      }
    });
  },
};

const switchyardEvents = {
  async fetch(request, env, context) {
    if (request.method === 'GET') {
      return Response.json({ fetch: typeof app?.fetch === 'function', scheduled: typeof app?.scheduled === 'function' });
    }
    const event = await request.json();
    return current.run(event.id, async () => {
      try {
        await app.scheduled({ cron: event.cron, scheduledTime: event.scheduledTime, noRetry() {} }, env, context);
        return new Response(null, { status: 204 });
      } catch (error) {
        return failed(error);
      }
    });
  },
};

const switchyardDenied = {
  fetch() {
    const detail = 'This app may reach no other host: its version names none.';
    return Response.json({ code: 'egress_denied', detail }, { status: 403 });
  },
};

export { switchyardEvents, switchyardDenied };
`;
