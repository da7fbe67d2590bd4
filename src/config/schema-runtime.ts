import { z } from 'zod';
import { fixesSchema } from './schema-fixes.ts';

const mib = 1024 * 1024;
const size = (most: number, preset: number, description: string): z.ZodDefault<z.ZodInt> =>
  z.int().min(1).max(most).default(preset).meta({ description });

/** Bounds of a run; those of a single request may be narrower or, up to `most`, wider. */
const limitsSchema = z.strictObject({
  cpuSeconds: size(3600, 60, 'CPU time of all processes of a run together.'),
  wallSeconds: size(3600, 60, 'Time that a run may take.'),
  memoryMib: size(8192, 512, 'Memory of all processes and files of a run together.'),
  processes: size(4096, 128, 'Processes and threads at once.'),
  diskMib: size(8192, 256, 'Files in the home folder; they live in memory and count as such.'),
  outputKib: size(262_144, 4096, 'stdout and stderr together.'),
});

/** Where and how model-written code runs. */
export const runtimeSchema = z
  .strictObject({
    enabled: z.boolean().default(true).meta({ description: 'Whether code may be run at all.' }),
    probe: z.enum(['start', 'first-use']).default('start').meta({
      description: 'When it is found out by hostile programs how well code is isolated here.',
    }),
    minIsolation: z.enum(['vm', 'gvisor', 'sandbox-cgroup', 'sandbox-rlimit', 'language']).default('language').meta({
      description:
        'Weakest isolation that code is run under, strongest first: `vm`, `gvisor`, `sandbox-cgroup` (limits held by the kernel), `sandbox-rlimit` (some limits only watched), `language` (scripts of JavaScript and TypeScript where there is no sandbox; native programs are refused there). Below it runs are refused.',
    }),
    limits: limitsSchema.prefault({}).meta({ description: 'Bounds of a run that names none.' }),
    fixes: fixesSchema,
    concurrent: size(1000, 8, 'Runs at once.'),
    waiting: size(10_000, 200, 'Runs that may wait for their turn; further ones get 503.'),
    folder: z.string().min(1).optional().meta({
      description:
        "Where the runtime keeps its own files. Default: `runtime` in the data folder, or a folder that sandboxes' users can reach.",
    }),
  })
  .prefault({})
  .meta({ description: 'Running code that models wrote.' });

/** Settings of the runtime. */
export type RuntimeConfig = z.infer<typeof runtimeSchema>;

/** The configured bounds in the runtime's own units. */
export function runtimeLimits({ limits }: RuntimeConfig): {
  readonly cpuMs: number;
  readonly wallMs: number;
  readonly memoryBytes: number;
  readonly processes: number;
  readonly diskBytes: number;
  readonly outputBytes: number;
} {
  return {
    cpuMs: limits.cpuSeconds * 1000,
    wallMs: limits.wallSeconds * 1000,
    memoryBytes: limits.memoryMib * mib,
    processes: limits.processes,
    diskBytes: limits.diskMib * mib,
    outputBytes: limits.outputKib * 1024,
  };
}
