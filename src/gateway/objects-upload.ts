import { Fault } from '../domain/fault.ts';
import { isObject } from '../protocols/index.ts';

const maxModels = 100;
const maxLines = 100_000;

/** Content of the part of a multipart upload that has a file name. */
export function filePart(bytes: Buffer, contentType: string): Buffer | undefined {
  const boundary = /boundary=(?:"([^"]+)"|([^;\s]+))/i.exec(contentType);
  const name = boundary?.[1] ?? boundary?.[2];
  if (name === undefined) return undefined;
  const delimiter = Buffer.from(`--${name}`);
  let at = bytes.indexOf(delimiter);
  while (at >= 0) {
    const next = bytes.indexOf(delimiter, at + delimiter.length);
    if (next < 0) return undefined;
    const headEnd = bytes.indexOf('\r\n\r\n', at);
    const hasHead = headEnd >= 0 && headEnd < next;
    if (hasHead && /filename\*?=/i.test(bytes.toString('latin1', at, headEnd))) {
      return bytes.subarray(headEnd + 4, next - 2);
    }
    at = next;
  }
  return undefined;
}

/**
 * The models that the rows of a batch input name. A row without one, or that is no row at all, is refused here: what
 * a batch would run must be known before it runs.
 */
export function batchModels(content: Buffer): readonly string[] | Fault {
  const models = new Set<string>();
  let number = 0;
  for (const line of linesOf(content)) {
    if (++number > maxLines) return unusable(`it has more than ${maxLines} rows`);
    if (line.trim() === '') continue;
    const model = modelOfRow(line);
    if (model === undefined) return unusable(`row ${number} is not a JSON object with body.model`);
    models.add(model);
    if (models.size > maxModels) return unusable(`it names more than ${maxModels} models`);
  }
  return models.size === 0 ? unusable('it has no rows') : [...models];
}

function* linesOf(content: Buffer): Generator<string> {
  for (let start = 0; start < content.length;) {
    const found = content.indexOf(0x0a, start);
    const end = found < 0 ? content.length : found;
    yield content.toString('utf8', start, end).replace(/^\uFEFF/, '');
    start = end + 1;
  }
}

function modelOfRow(line: string): string | undefined {
  try {
    const row: unknown = JSON.parse(line);
    const body = isObject(row) ? row['body'] : undefined;
    const model = isObject(body) ? body['model'] : undefined;
    return typeof model === 'string' && model !== '' ? model : undefined;
  } catch {
    // Not JSON: the caller names the row.
    return undefined;
  }
}

function unusable(reason: string): Fault {
  return new Fault('invalid_request', { message: `The file is no batch input: ${reason}.`, param: 'file' });
}
