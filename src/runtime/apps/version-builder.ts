import { Fault } from '../../domain/faults/fault.ts';
import type { AssetEntry, VersionManifest, VersionSettings } from './app-types.ts';
import type { BlobStore } from './blob-store.ts';
import { buildBundle, type BuildSettings, type Bundle } from './build-bundle.ts';
import { checkDependencies } from './check-dependencies.ts';
import { planBuild } from './plan-build.ts';
import { checkSourceFiles, type SourceFile } from './source-files.ts';
import { packSource } from './version-source.ts';
import { digestOf, sha256Of } from './version-digest.ts';

/** What is built. */
export interface BuildInput {
  readonly files: readonly SourceFile[];
  readonly entry?: string | undefined;
  readonly assets?: string | undefined;
  readonly settings: VersionSettings;
}

/** A version that was built and not kept yet. */
export interface BuiltVersion {
  readonly version: string;
  readonly digest: string;
  readonly manifest: VersionManifest;
  readonly log: string;
  /** The bundled module with its map; undefined for a site of static files only. */
  readonly bundle: Pick<Bundle, 'code' | 'sourceMap'> | undefined;
  /** Brings its bytes to where they are served from, and what they were built from beside them: its digest. */
  keep(): Promise<string>;
}

/** What builds need, asked for at each of them. */
export interface BuilderDeps {
  readonly blobs: BlobStore;
  settings(): Promise<BuildSettings>;
}

const maxAtOnce = 2;

/** Turns uploads into versions, few at a time. */
export class VersionBuilder {
  readonly #deps: BuilderDeps;
  #running = 0;

  constructor(deps: BuilderDeps) {
    this.#deps = deps;
  }

  /** Checks and builds; nothing is kept before `keep`. Throws a Fault that says what is wrong with the upload. */
  async build(input: BuildInput): Promise<BuiltVersion> {
    checkSourceFiles(input.files);
    checkDependencies(input.files);
    const plan = planBuild(input.files, input);
    if (this.#running >= maxAtOnce) {
      throw new Fault('shedding', { message: 'Other apps are being built; try again.', retryAfterMs: 1000 });
    }
    this.#running++;
    try {
      const bundle =
        plan.entry === undefined ? undefined : await buildBundle(input.files, plan.entry, await this.#deps.settings());
      const assets = plan.assets.map(({ path, bytes }): AssetEntry => ({
        path,
        sha256: sha256Of(bytes),
        sizeBytes: bytes.length,
      }));
      const code = bundle && { sha256: sha256Of(bundle.code), sizeBytes: bundle.code.length };
      const manifest: VersionManifest = {
        bundle: code ?? null,
        assets: assets.sort((left, right) => (left.path < right.path ? -1 : 1)),
        settings: input.settings,
      };
      const { blobs } = this.#deps;
      return {
        ...digestOf(manifest),
        manifest,
        log: bundle?.log ?? '',
        bundle,
        async keep() {
          if (bundle !== undefined) await Promise.all([blobs.put(bundle.code), blobs.put(bundle.sourceMap)]);
          for (const { bytes } of plan.assets) await blobs.put(bytes);
          return blobs.put(packSource(input));
        },
      };
    } finally {
      this.#running--;
    }
  }
}
