import fc from 'fast-check';

/**
 * One commit has one verdict: properties are tried with the same values in every run. `npm run test:properties`
 * searches with other ones.
 */
const usualSeed = 20_260_101;

const { SWITCHYARD_PROPERTY_SEED: seed, SWITCHYARD_PROPERTY_RUNS: numRuns } = process.env;
fc.configureGlobal({
  ...fc.readConfigureGlobal(),
  seed: seed === undefined ? usualSeed : Number(seed),
  ...(numRuns !== undefined && { numRuns: Number(numRuns) }),
});
