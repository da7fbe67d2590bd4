import type { Context } from 'hono';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import { z } from 'zod';
import type { Fault } from '../../../domain/faults/fault.ts';
import { InputFault } from './input-fault.ts';

/** Problem Details (RFC 9457) with our stable code and the fields at fault. */
export const problemSchema = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    detail: z.string().meta({ description: 'What was wrong and how to mend it.' }),
    code: z.string().meta({ description: 'Stable; see docs/faults.md.' }),
    param: z.string().optional().meta({ description: 'The first field at fault.' }),
    errors: z
      .array(z.object({ field: z.string(), detail: z.string() }))
      .optional()
      .meta({ description: 'Every field at fault.' }),
  })
  .meta({ id: 'Problem' });

/** Answers a fault of the control API. */
export function problem(context: Context, fault: Fault): Response {
  const body: z.infer<typeof problemSchema> = {
    type: `urn:switchyard:fault:${fault.code}`,
    title: fault.kind.meaning,
    status: fault.kind.httpStatus,
    detail: fault.message,
    code: fault.code,
    ...(fault.param !== undefined && { param: fault.param }),
    ...errorsOf(fault),
  };
  return context.body(JSON.stringify(body), fault.kind.httpStatus as ContentfulStatusCode, {
    'content-type': 'application/problem+json',
    ...(fault.retryAfterMs !== undefined && { 'retry-after': `${Math.ceil(fault.retryAfterMs / 1000)}` }),
  });
}

function errorsOf(fault: Fault): Pick<z.infer<typeof problemSchema>, 'errors'> {
  if (fault instanceof InputFault) return { errors: [...fault.problems] };
  return fault.param === undefined ? {} : { errors: [{ field: fault.param, detail: fault.message }] };
}
