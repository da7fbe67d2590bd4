// `npm run generate` writes every generated file; with `--check` it writes nothing and fails when one is stale.
import { repositoryRoot } from './lib/repository-root.mjs';
import { loadGeneratedFiles, renderFile, staleFiles, writeFiles } from './lib/generate-files.ts';

const rendered = await Promise.all(
  (await loadGeneratedFiles(repositoryRoot)).map((file) => renderFile(repositoryRoot, file)),
);

if (process.argv.includes('--check')) {
  const stale = staleFiles(repositoryRoot, rendered);
  for (const path of stale) process.stderr.write(`${path} is stale; run: npm run generate\n`);
  process.exitCode = stale.length > 0 ? 1 : 0;
} else {
  for (const path of writeFiles(repositoryRoot, rendered)) process.stdout.write(`wrote ${path}\n`);
}
