import { faultKinds } from '../../src/domain/faults/fault-codes.ts';
import { type Expected, type FaultRow, faultTable, type Pair } from '../../test/journeys/support/fault-table.ts';
import type { GeneratedFile } from '../lib/generated-file.ts';

const intro = `# Failover: what happens when an upstream fails

Every line below is run by \`test/journeys/faults-table.test.ts\` against the whole product, and this page is written
from the same table: clients of all four dialects (Chat Completions, Responses, Messages, Gemini), upstreams of the same
dialect and of another one, streamed and not, with one endpoint and with a healthy second one. Each case is looked at
from three sides: what the client sees, what the upstream saw, and what the journal says.

Three things hold for all of them, and the test counts violations of each:

- **No silent truncation.** A stream ends with a finish reason or with an error in the words of its dialect.
- **No hang.** Every request ends, and no call to an upstream is left open behind it.
- **No lost fact.** The journal has one opening, one decision, one fact for each attempt and exactly one final fact.

Until the first content of an answer (text, reasoning, a tool call, media) goes out, nothing has been sent: another
endpoint takes over, and the client does not notice. After it, a fault is told inside the stream, and nobody starts
again; only a policy with \`continuation\` lets another endpoint finish a cut text.

How to read the tables: *alone* is a model with one endpoint, *with a second endpoint* one with two. "2 tries" counts
the calls to the faulty endpoint. The code in \`code style\` is the stable fault code that the client is told and the
journal records.
`;

const tail = `## How long things wait

| what | default | where to set it |
|---|---|---|
| connecting | 5 s | \`hosts.*.timeouts.connectMs\` |
| first content of a stream | 60 s | \`hosts.*.timeouts.firstTokenMs\` |
| silence in the middle of an answer | 60 s | \`hosts.*.timeouts.idleMs\` |
| the whole exchange | 15 min | \`hosts.*.timeouts.totalMs\`, or the client's \`x-switchyard-deadline-ms\` |
| a client that does not read | 60 s | \`server.clientStallMs\` |
| attempts per exchange | 4 | \`models.*.policy.maxAttempts\` |
| longest wait before another try | 2 s | \`models.*.policy.maxWaitMs\` |

Tries of the same endpoint wait up to 200 ms, 400 ms, 800 ms (full jitter), or as long as the host asks; together they
are at most a tenth of the endpoint's calls in ten seconds (three are always free). A host that asks for a wait is not
called before it is over. Five faults that are half of the calls of 30 s open an endpoint's circuit for 30 s, doubling
to 5 min; refused credentials, a used-up quota and a model that is gone open it at once. Clients that leave and requests
that are at fault themselves never count.
`;

function say(expected: Expected): string {
  const parts = [client(expected), `${expected.tries} ${expected.tries === 1 ? 'try' : 'tries'}`];
  if (expected.aborts !== undefined) parts.push('upstream call closed');
  if (expected.estimated === true) parts.push('usage estimated');
  return parts.join('; ');
}

function client({ client: kind, code, backup, isEmpty, tries, words, retryAfterS }: Expected): string {
  if (kind === 'in-band') return `error in the stream, \`${code}\``;
  if (kind === 'error' && code !== undefined) {
    const wait = retryAfterS === undefined ? '' : `, \`retry-after: ${retryAfterS}\``;
    return `${faultKinds[code].httpStatus} \`${code}\`${wait}`;
  }
  if (backup === 1) return 'answer of the second endpoint';
  if (isEmpty === true) return 'the empty answer, as it is';
  if (words !== undefined) return 'answer, passed on as it came';
  return tries > 1 ? 'answer of the last try' : 'answer';
}

function rowsOf(row: FaultRow): string[] {
  const ways: (readonly [string, Pair])[] = [];
  const isSame = row.stream !== undefined && JSON.stringify(row.stream) === JSON.stringify(row.whole);
  if (isSame && row.stream) ways.push(['', row.stream]);
  else {
    if (row.stream) ways.push([row.translated ? 'stream, same dialect' : 'stream', row.stream]);
    if (row.translated) ways.push(['stream, translated', row.translated]);
    if (row.whole) ways.push(['whole answer', row.whole]);
  }
  return ways.map(([way, { alone, pair }]) => {
    const what = way === '' ? row.what : `${row.what} (${way})`;
    return `| ${what} | ${say(alone)} | ${say(pair)} |`;
  });
}

function section(title: string, when: FaultRow['when']): string {
  const rows = faultTable.filter((row) => row.when === when).flatMap(rowsOf);
  if (rows.length === 0) throw new Error(`the fault table has no row for "${when}"`);
  const head = '| the upstream | alone | with a second endpoint |\n|---|---|---|';
  return `## ${title}\n\n${head}\n${rows.join('\n')}\n`;
}

function render(): string {
  const before = section('Before the first content', 'before');
  const after = section('After the first content', 'after');
  return [intro, before, after, tail].join('\n');
}

/** What becomes of every fault of an upstream, from the table that the journeys run. */
export const generatedFiles: readonly GeneratedFile[] = [{ path: 'docs/failover.md', render }];
