import { join } from 'node:path';
import { ObjectIndex, ResponseStore } from '../../storage/index.ts';
import { BatchAccounts } from './batch-accounts.ts';
import { ObjectGateway } from './objects-gateway.ts';
import { FileReferences } from './objects-references.ts';
import type { ObjectDeps } from './objects-request.ts';
import { ResponsesState } from '../responses/responses-state.ts';

/** What outlives requests beside the journal. */
export interface Kept {
  /** Answers that later requests may continue. */
  readonly responses: ResponsesState;
  /** Ties calls that name files to their host. */
  readonly files: FileReferences;
  /** Files, batches and stored responses by name. */
  readonly objects: ObjectGateway;
  /** Resolves when no request about an object is in flight and everything is on disk. */
  settled(): Promise<void>;
}

/** Opens `<data>/responses` and `<data>/objects`. */
export async function openKept(
  dataDirectory: string,
  deps: Omit<ObjectDeps, 'index' | 'responses' | 'batches'>,
): Promise<Kept> {
  const { clock, logger, dispatch, settings } = deps;
  const store = new ResponseStore({ directory: join(dataDirectory, 'responses'), clock, logger });
  const responses = new ResponsesState({
    store,
    config: () => settings().config,
    speaksResponses: (endpoint) =>
      dispatch.providerOf(endpoint).dialectFor(endpoint, 'generate', 'openai-responses') === 'openai-responses',
  });
  const index = await ObjectIndex.open(join(dataDirectory, 'objects'), logger);
  const batches = new BatchAccounts();
  await batches.resume({ ...deps, index });
  const objects = new ObjectGateway({ ...deps, index, responses, batches });
  return {
    responses,
    files: new FileReferences(index),
    objects,
    async settled() {
      await objects.settled();
      await store.settled();
    },
  };
}
