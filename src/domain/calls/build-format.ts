/** Stands in the instructions of every build, so that simulated models know that one is asked for. */
export const buildMarker = 'switchyard-build/1';

/** Begins a file in an answer; its path follows on the same line. */
export const fileStart = '--- file: ';

/** Ends a file. */
export const fileEnd = '--- end';
