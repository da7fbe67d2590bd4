/** A version that could not be started, with what it said itself. */
export class FunctionStartError extends Error {
  override readonly name = 'FunctionStartError';
}
