const lineBreak = '\r\n';
const headersEnd = Buffer.from(`${lineBreak}${lineBreak}`);

/** Names the upstream's model in a multipart form (transcriptions, image edits), whose other parts keep their bytes. */
export function spliceMultipartModel(bytes: Buffer, contentType: string, model: string): Buffer {
  const boundary = /boundary=(?:"([^"]+)"|([^;\s]+))/i.exec(contentType);
  const name = boundary?.[1] ?? boundary?.[2];
  if (name === undefined) return bytes;
  const delimiter = Buffer.from(`--${name}`);
  const pieces: Buffer[] = [];
  let copiedUntil = 0;
  let at = bytes.indexOf(delimiter);
  while (at >= 0) {
    const next = bytes.indexOf(delimiter, at + delimiter.length);
    const bodyStart = bytes.indexOf(headersEnd, at) + headersEnd.length;
    const isComplete = next >= 0 && bodyStart >= headersEnd.length && bodyStart <= next - lineBreak.length;
    if (isComplete && isModelField(bytes.toString('latin1', at, bodyStart))) {
      pieces.push(bytes.subarray(copiedUntil, bodyStart), Buffer.from(model));
      copiedUntil = next - lineBreak.length;
    }
    at = next;
  }
  return pieces.length === 0 ? bytes : Buffer.concat([...pieces, bytes.subarray(copiedUntil)]);
}

function isModelField(head: string): boolean {
  return /^content-disposition:[^\r\n]*;\s*name="?model"?\s*(;|$)/im.test(head);
}
