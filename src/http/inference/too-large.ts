import { Fault } from '../../domain/faults/fault.ts';

/** That a body is larger than the limit for bodies. */
export function tooLarge(maxBodyBytes: number): Fault {
  return new Fault('too_large', { message: `The request body exceeds the limit of ${maxBodyBytes} bytes.` });
}
