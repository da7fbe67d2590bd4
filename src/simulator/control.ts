import type { SimulatedExchange } from './exchange.ts';
import { asList, asObject, asText } from './json.ts';
import { describeScripts } from './scripts/describe-scripts.ts';

/** Path prefix of the routes that watch and steer the simulator. */
export const controlPrefix = '/__fake/';

/** Answers `/__fake/stats`, `/reset`, `/script`, `/mark` and `/help`; scripts never touch these. */
export function handleControl(exchange: SimulatedExchange): void {
  const { state, path } = exchange;
  switch (path.slice(controlPrefix.length)) {
    case 'stats':
      return send(exchange, 200, state.counters.snapshot());
    case 'reset':
      state.reset();
      return send(exchange, 200, { ok: true });
    case 'mark':
      state.counters.mark();
      return send(exchange, 200, { ok: true });
    case 'script':
      setScripts(exchange);
      return send(exchange, 200, { ok: true });
    case 'help':
      return void exchange.response
        .writeHead(200, { 'content-type': 'text/plain; charset=utf-8' })
        .end(describeScripts());
    default:
      return send(exchange, 404, { error: 'unknown control route' });
  }
}

/** `{model, script}` for all later requests, or `{model, scripts: [...]}` one after the other. */
function setScripts(exchange: SimulatedExchange): void {
  const { body, state } = exchange;
  const given = body['scripts'] === undefined ? [body['script'] ?? ''] : asList(body['scripts']);
  const scripts = given.map((script) => (typeof script === 'string' ? script : asObject(script)));
  state.scripts.set(asText(body['model'], '*'), scripts);
}

function send(exchange: SimulatedExchange, status: number, json: object): void {
  exchange.response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(json));
}
