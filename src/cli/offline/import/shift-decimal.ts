const decimalPattern = /^\+?([0-9]*)(?:\.([0-9]*))?(?:[eE]([+-]?[0-9]{1,3}))?$/;
const maxDigits = 60;

/**
 * Moves the decimal point of a number's text to the right: a price per token becomes one per million by 6 places.
 * Works on the digits alone, so nothing is rounded. Undefined when the text is no plain decimal.
 */
export function shiftDecimal(text: string, places: number): string | undefined {
  const match = decimalPattern.exec(text.trim().replaceAll('_', ''));
  const [, whole = '', fraction = '', exponent = '0'] = match ?? [];
  if (match === null || whole + fraction === '') return undefined;
  const digits = whole + fraction;
  const point = whole.length + Number(exponent) + places;
  if (digits.length > maxDigits || Math.abs(point) > maxDigits) return undefined;
  const padded = digits.padEnd(Math.max(point, digits.length), '0').padStart(digits.length + Math.max(0, -point), '0');
  const at = Math.max(0, point);
  const left = padded.slice(0, at).replace(/^0+(?=\d)/, '') || '0';
  const right = padded.slice(at).replace(/0+$/, '');
  return right === '' ? left : `${left}.${right}`;
}
