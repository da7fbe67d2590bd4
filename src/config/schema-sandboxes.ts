import { z } from 'zod';

const amount = (most: number, preset: number, description: string): z.ZodDefault<z.ZodInt> =>
  z.int().min(1).max(most).default(preset).meta({ description });

/** Long-lived sandboxes, which clients reach with their keys. */
export const sandboxesSchema = z
  .strictObject({
    enabled: z.boolean().default(true).meta({
      description: 'Whether keys may make sandboxes; they also need `runtime: enabled`.',
    }),
    perKey: amount(4096, 20, 'Sandboxes that run at once, per key.'),
    keptPerKey: amount(100_000, 100, 'Sandboxes per key, running and paused together.'),
    defaultTtlSeconds: amount(86_400, 300, 'How long a sandbox lives that asks for no time of its own.'),
    maxTtlSeconds: amount(86_400, 86_400, 'The most that it may ask for at a time.'),
    pausedDays: amount(3650, 30, 'A paused sandbox that nobody wakes is removed after so many days.'),
    memoryMib: amount(65_536, 512, 'Memory of all processes of a sandbox together.'),
    diskMib: amount(1_048_576, 1024, 'Files in its home folder and in /tmp; looked at every few seconds.'),
    processes: amount(4096, 256, 'Processes and threads at once.'),
    fileMib: amount(65_536, 512, 'Largest file that is written or read through the file interface.'),
    domain: z.string().min(1).optional().meta({
      description:
        'Name under which ports of sandboxes are reached, as `PORT-ID.<domain>`. Default: the name by which the product was asked for the sandbox, or `localhost` with the port.',
    }),
  })
  .prefault({})
  .meta({ description: 'Long-lived sandboxes for clients of the E2B protocol.' });
