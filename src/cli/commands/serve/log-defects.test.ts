import { EventEmitter } from 'node:events';
import { expect, it } from 'vitest';
import { logDefects } from './log-defects.ts';

it('an error that nobody caught stands in the log with where it came from, and still ends the process', () => {
  const source = new EventEmitter();
  const lines: unknown[] = [];
  logDefects({ error: (fields, message) => void lines.push([fields, message]) }, source);
  // Node asks whether anybody handles it; whoever only listens in does not.
  expect(source.eventNames()).toEqual(['uncaughtExceptionMonitor']);
  const error = new Error('nobody waited for it');
  source.emit('uncaughtExceptionMonitor', error, 'unhandledRejection');
  expect(lines).toEqual([[{ err: error, origin: 'unhandledRejection' }, 'a defect ends the gateway']]);
});
