import { existsSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { DatabaseError } from '../database-error.ts';
import { isMovedAway, readDataFolder } from './cluster-place.ts';
import { chooseLauncher, type LauncherKind } from './launcher.ts';
import { binaryPackageName, locateBinaries } from './postgres-binaries.ts';

/** Whether the embedded server can run here, and how; or the sentence why not. */
export type EngineInspection =
  | {
      readonly canRun: true;
      readonly packageName: string;
      readonly version: string;
      readonly launcher: LauncherKind;
      readonly dataFolder: string;
      readonly hasData: boolean;
    }
  | { readonly canRun: false; readonly packageName: string; readonly problem: string };

/** Looks without starting or creating anything. */
export async function inspectEngine(folder: string): Promise<EngineInspection> {
  const packageName = binaryPackageName();
  const home = resolve(folder);
  try {
    const binaries = locateBinaries();
    const { kind } = await chooseLauncher({
      postgres: binaries.postgres,
      folder: nearestFolder(home),
      isMovedAway: isMovedAway(home),
    });
    const dataFolder = readDataFolder(home);
    return {
      canRun: true,
      packageName,
      version: binaries.packageVersion,
      launcher: kind,
      dataFolder,
      hasData: existsSync(dataFolder),
    };
  } catch (error) {
    if (!(error instanceof DatabaseError)) throw error;
    return { canRun: false, packageName, problem: error.message };
  }
}

/** The folder itself may still have to be made. */
function nearestFolder(folder: string): string {
  return existsSync(folder) || dirname(folder) === folder ? folder : nearestFolder(dirname(folder));
}
