// `npm run dev`: the product straight from its sources, started again whenever one of them changes.
import { main } from '../src/cli/index.ts';

process.exitCode = await main(['serve', ...process.argv.slice(2)]);
