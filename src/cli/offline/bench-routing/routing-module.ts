import type * as routing from '../../../routing/index.ts';

/** The public face of the routing module, loaded lazily by the command and handed down. */
export type RoutingModule = typeof routing;
