#!/usr/bin/env node
// @ts-check
// The command of the product. In a checkout it first makes sure that `dist` is the build of the present sources.
import { existsSync } from 'node:fs';

/** @returns {Promise<boolean>} whether there is a product to run */
async function buildIfStale() {
  const scripts = new URL('../scripts/lib/', import.meta.url);
  if (!existsSync(scripts)) return true; // an installed package ships `dist` and neither sources nor scripts
  const { ensureBuilt } = await import(new URL('ensure-built.mjs', scripts).href);
  const { logToStderr, messageOf } = await import(new URL('log-to-stderr.mjs', scripts).href);
  const { repositoryRoot } = await import(new URL('repository-root.mjs', scripts).href);
  try {
    await ensureBuilt({ root: repositoryRoot, log: logToStderr });
    return true;
  } catch (error) {
    logToStderr(`build failed: ${messageOf(error)}`);
    return false;
  }
}

if (await buildIfStale()) {
  const bundled = new URL('../dist/bundle/index.js', import.meta.url);
  const compiled = new URL('../dist/cli/index.js', import.meta.url);
  const { main } = await import(existsSync(bundled) ? bundled.href : compiled.href);
  process.exitCode = await main(process.argv.slice(2));
} else {
  process.exitCode = 1;
}
