export { requestHeaders } from './answer-headers.ts';
export { ExchangeBoard, type LiveExchange } from './exchange-board.ts';
export { type ExchangeRecord, toExchangeRecord } from './exchange-record.ts';
export { Gateway, type GatewayDeps, refuse } from './gateway.ts';
export { type PostedOutcome, postOutcome } from './post-outcome.ts';
export { ResponseCache } from './response-cache.ts';
export type { Received, RequestControls } from './received.ts';
