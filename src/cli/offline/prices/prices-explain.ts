import type { PriceExplanation } from '../../../catalog/index.ts';
import { alignRows } from '../../shell/align-rows.ts';
import { CliError, exitCodes } from '../../shell/cli-error.ts';
import { type Terminal, writeJson, writeLine } from '../../shell/terminal.ts';
import { instantOf } from './price-arguments.ts';

/** Explains a price of the shipped catalog. */
export async function runPricesExplain(
  options: { readonly endpoint: string; readonly at: string | undefined; readonly json: boolean },
  terminal: Terminal,
): Promise<number> {
  const { CatalogFacts, explainShippedPrice } = await import('../../../catalog/index.ts');
  const explained = explainShippedPrice(new CatalogFacts(), options.endpoint, instantOf(options.at));
  if (!explained) {
    throw new CliError(`the shipped catalog has no ${options.endpoint}; give it as HOST/MODEL`, exitCodes.failure);
  }
  if (options.json) writeJson(terminal, explained);
  else for (const line of describe(explained)) writeLine(terminal, line);
  return exitCodes.ok;
}

function describe(explained: PriceExplanation): string[] {
  const { endpointId, name, standsFor, state, figures, sources, differing } = explained;
  const unknown = 'the price is unknown: no catalog has it, or only one that says zero';
  return [
    `${endpointId}${name === undefined ? '' : ` (${name})`}: ${state === 'unknown' ? unknown : state}`,
    ...(standsFor === undefined
      ? []
      : [`a moving name; stands for ${standsFor === '?' ? 'nobody says what' : standsFor}`]),
    ...alignRows([['USD per million', ''], ...Object.entries(figures)]),
    `from ${sources.map(({ source, date }) => `${source} of ${date}`).join(', ')}`,
    ...differing.map(({ source, figures: said }) => {
      const texts = Object.entries(said).map(([figure, value]) => `${figure} ${value ?? 'absent'}`);
      return `${source} says ${texts.join(', ')}`;
    }),
  ];
}
