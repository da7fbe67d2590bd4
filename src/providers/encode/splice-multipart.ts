const lineBreak = '\r\n';
const headersEnd = Buffer.from(`${lineBreak}${lineBreak}`);

/** Names the upstream's model in a multipart form (transcriptions, image edits); its other parts keep their bytes. */
export function spliceMultipartModel(bytes: Buffer, contentType: string, model: string): Buffer {
  const boundary = /boundary=(?:"([^"]+)"|([^;\s]+))/i.exec(contentType);
  const name = boundary?.[1] ?? boundary?.[2];
  if (name === undefined) return bytes;
  const delimiter = Buffer.from(`--${name}`);
  const pieces: Buffer[] = [];
  let copiedUntil = 0;
  const first = bytes.indexOf(delimiter);
  let at = first;
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
  // The client left the choice to the usual model: the host may have another one for that.
  if (pieces.length === 0 && first >= 0) {
    const part = ['Content-Disposition: form-data; name="model"', '', model].join(lineBreak);
    pieces.push(bytes.subarray(0, first), delimiter, Buffer.from(`${lineBreak}${part}${lineBreak}`));
    copiedUntil = first;
  }
  return pieces.length === 0 ? bytes : Buffer.concat([...pieces, bytes.subarray(copiedUntil)]);
}

function isModelField(head: string): boolean {
  return /^content-disposition:[^\r\n]*;\s*name="?model"?\s*(;|$)/im.test(head);
}
