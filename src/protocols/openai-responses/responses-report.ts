import type { ModelCall } from '../../domain/calls/model-call.ts';
import { LossReport } from '../shared/loss-report.ts';

/** Loss report that also knows which dialect the call came in. */
export class ResponsesReport extends LossReport {
  readonly callDialect: string;

  constructor(call: ModelCall) {
    super(call);
    this.callDialect = call.dialect;
  }
}
