import { z } from '@hono/zod-openapi';
import type { Context } from 'hono';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import type { Fault } from '../../domain/fault.ts';

/** Problem Details (RFC 9457) with our stable code and the field at fault. */
export const problemSchema = z.object({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  detail: z.string(),
  code: z.string(),
  param: z.string().optional(),
});

/** Answers a fault of the control API. Handlers throw faults; the app's error hook brings them here. */
export function problem(context: Context, fault: Fault): Response {
  const body: z.infer<typeof problemSchema> = {
    type: `urn:switchyard:fault:${fault.code}`,
    title: fault.kind.meaning,
    status: fault.kind.httpStatus,
    detail: fault.message,
    code: fault.code,
    ...(fault.param !== undefined && { param: fault.param }),
  };
  return context.body(JSON.stringify(body), fault.kind.httpStatus as ContentfulStatusCode, {
    'content-type': 'application/problem+json',
  });
}
