import { setTimeout as sleep } from 'node:timers/promises';
import type { Client, LiveView } from '../../../sdk/index.ts';
import { SwitchyardError } from '../../../sdk/index.ts';
import type { Terminal } from '../../shell/terminal.ts';
import { renderTop } from './render-top.ts';
import { summarize } from './summarize.ts';

const refreshMs = 1000;
const enterScreen = '\u001B[?1049h\u001B[?25l';
const leaveScreen = '\u001B[?25h\u001B[?1049l';
const home = '\u001B[H';
const clearLineEnd = '\u001B[K';
const clearBelow = '\u001B[J';

/** Draws anew each second and at each change of size, until SIGINT; the screen before is restored. */
export async function watchTop(client: Client, terminal: Terminal): Promise<void> {
  // The first answer comes before the screen is taken: a wrong address is told in an ordinary line.
  let view = await client.live();
  let earlier: LiveView | undefined;
  let trouble: string | undefined;
  const stop = new AbortController();
  const draw = (): void => {
    const size = terminal.screen() ?? { columns: 80, rows: 24 };
    const lines = renderTop(view, summarize(view, earlier), size);
    if (trouble !== undefined) lines[Math.min(1, lines.length)] = trouble.slice(0, size.columns);
    terminal.write(home + lines.join(`${clearLineEnd}\n`) + clearLineEnd + clearBelow);
  };
  void terminal.untilStopped().then(() => stop.abort());
  terminal.write(enterScreen);
  const stopListening = terminal.onResize(draw);
  try {
    draw();
    while (await pause(stop.signal)) {
      const next = await ask(client, stop.signal);
      trouble = typeof next === 'string' ? next : undefined;
      if (typeof next === 'object') [earlier, view] = [view, next];
      if (!stop.signal.aborted) draw();
    }
  } finally {
    stopListening();
    terminal.write(leaveScreen);
  }
}

async function pause(signal: AbortSignal): Promise<boolean> {
  return sleep(refreshMs, true, { signal }).catch(() => false);
}

/** The view, or what is in the way: a gateway that restarts is waited for. */
async function ask(client: Client, signal: AbortSignal): Promise<LiveView | string | undefined> {
  try {
    return await client.live({ signal });
  } catch (error) {
    if (signal.aborted) return undefined;
    if (error instanceof SwitchyardError) return error.message;
    throw error;
  }
}
