import { createHash, timingSafeEqual } from 'node:crypto';
import type { Config, LoadedConfig } from '../config/index.ts';
import { Fault } from '../domain/faults/fault.ts';
import { createSandboxHandler, type SandboxHandler } from '../http/index.ts';
import { systemClock } from '../platform/clock.ts';
import type { Logger } from '../platform/logger.ts';
import { scopedToken } from '../platform/scoped-token.ts';
import { type ComputeDesk, SandboxService, StandingUse, type WorkspaceDriver } from '../runtime/index.ts';
import { TokenVerifier } from '../tenants/index.ts';
import type { Core } from './core.ts';
import { sandboxSettingsOf } from './sandbox-settings.ts';

/** What long-lived sandboxes take from the rest of the product. */
export interface ProductSandboxesDeps {
  readonly dataDirectory: string;
  readonly loaded: LoadedConfig;
  readonly driver: WorkspaceDriver;
  readonly config: () => Config;
  readonly logger: Logger;
  readonly newId: (prefix: string) => string;
  /** Where use of machines is charged. */
  readonly desk: ComputeDesk;
}

/** Opens long-lived sandboxes: those of an earlier run are there again. */
export function openProductSandboxes(deps: ProductSandboxesDeps): SandboxService {
  const { logger, config } = deps;
  const charged = new StandingUse({
    desk: deps.desk,
    kind: 'sandbox',
    payerOf: (id) => Promise.resolve(sandboxes.payer(id)),
    troubled: (error) => logger.warn({ err: error }, 'what sandboxes used could not be charged yet'),
  });
  const sandboxes: SandboxService = new SandboxService({
    ...deps,
    spares: { least: 2, most: 8 },
    charged,
    dataFolder: deps.loaded.config.runtime.folder ?? deps.dataDirectory,
    clock: systemClock,
    settings: () => sandboxSettingsOf(config()),
    minIsolation: () => config().runtime.minIsolation,
  });
  if (isOn(config())) {
    sandboxes.open().catch((error: unknown) => logger.error({ err: error }, 'sandboxes could not be opened'));
  }
  return sandboxes;
}

/** The way to sandboxes for clients with a key of the gateway. */
export function sandboxHandler(core: Core, ownerToken: string): SandboxHandler {
  const { logger, state } = core;
  const { sandboxes } = core.runtime;
  const config = (): Config => state.snapshot.loaded.config;
  const isOwners = matcher(scopedToken(ownerToken, 'sandboxes'));
  return createSandboxHandler({
    sandboxes,
    logger,
    clock: systemClock,
    settings: () => sandboxSettingsOf(config()),
    domain: () => config().sandboxes.domain,
    identify(secret) {
      if (!isOn(config())) {
        throw new Fault('isolation_unavailable', {
          message: 'Sandboxes are turned off (`sandboxes: enabled: false`).',
        });
      }
      // No key of the gateway can have this name.
      if (isOwners(secret)) return { key: 'owner:owner', customer: 'default' };
      if (TokenVerifier.isToken(secret)) return undefined;
      const key = state.snapshot.keys.find(secret);
      return key && { key: key.name, customer: key.customer, project: key.project };
    },
  });
}

function isOn(config: Config): boolean {
  return config.runtime.enabled && config.sandboxes.enabled;
}

function matcher(token: string): (presented: string) => boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  const wanted = digest(token);
  return (presented) => timingSafeEqual(digest(presented), wanted);
}
