import { spawn } from 'node:child_process';
import { PassThrough } from 'node:stream';
import { expect, it } from 'vitest';
import { systemClock } from '../../platform/clock.ts';
import { defaultLimits } from '../limits.ts';
import { RunningCommand } from './execution.ts';
import type { Launched } from './launch.ts';

it('a command that is ended before it leads its group ends all the same', async () => {
  // Its number is told before `setsid` makes the group, as it may be of a child that the machine is slow to run.
  const child = spawn('/bin/sh', ['-c', 'sleep 0.2; exec setsid sleep 30'], { stdio: 'ignore' });
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const told = new PassThrough();
  const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()];
  const launched = { stdin, stdout, stderr, told, ended, close: () => undefined } as unknown as Launched;
  const deps = { clock: systemClock, lastLook: () => ({ cpuMs: null, peakMemoryBytes: null }) };
  const command = new RunningCommand('c1', { launched, command: { argv: ['sleep'] }, limits: defaultLimits, deps });
  told.write(`pid ${child.pid}\n`);
  await command.started;
  command.kill('SIGKILL');
  await ended;
  told.end('signal 9 0\n');
  stdout.end();
  stderr.end();
  expect(await command.exited).toMatchObject({ code: null, signal: 'SIGKILL' });
});

it('a command whose sandbox goes before it has begun is over', async () => {
  const told = new PassThrough();
  const ended = new Promise<void>((resolve) => told.once('close', () => resolve()));
  const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()];
  const launched = { stdin, stdout, stderr, told, ended, close: () => undefined } as unknown as Launched;
  const deps = { clock: systemClock, lastLook: () => ({ cpuMs: null, peakMemoryBytes: null }) };
  const command = new RunningCommand('c1', { launched, command: { argv: ['tar'] }, limits: defaultLimits, deps });
  for (const one of [stdin, stdout, stderr, told]) one.destroy();
  expect(await command.exited).toMatchObject({ code: null, signal: 'SIGKILL' });
});
