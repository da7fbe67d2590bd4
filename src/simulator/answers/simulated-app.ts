import { buildMarker, fileEnd, fileStart } from '../../domain/calls/build-format.ts';
import type { Prompt } from './prompt.ts';

const quotedCharacters = 300;

/** Whether the product asks for an app in files, as it does to build one. */
export function asksForBuild({ turns }: Prompt): boolean {
  return turns.some(({ role, text }) => role === 'system' && text.includes(buildMarker));
}

/**
 * A small app that shows how a build goes on without any key: a page that says what it is, quotes the wish, and does
 * one thing that can be seen to work.
 */
export function simulatedApp({ turns, model }: Prompt): string {
  const said = turns.find(({ role }) => role === 'user')?.text ?? '';
  const wish = escaped(said.replace(/^Build this:\s*/, '').slice(0, quotedCharacters));
  const name = escaped(model);
  return [
    ...file('public/index.html', page(wish, name)),
    ...file('public/style.css', style),
    ...file('public/count.mjs', script),
    ...file('tests/count.test.mjs', test),
  ].join('\n');
}

function file(path: string, content: string): readonly string[] {
  return [`${fileStart}${path}`, content.trim(), fileEnd];
}

const page = (wish: string, name: string): string => `
<!doctype html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <title>Simulated build</title>
  <link rel="stylesheet" href="style.css">
</head>
<body>
  <main>
    <p class="label">Simulated: no real model wrote this page (${name})</p>
    <h1>This is where your app will be</h1>
    <p>You asked for:</p>
    <blockquote>${wish}</blockquote>
    <p>The files, the sandbox that tested them and this address are real. With the key of a host, a model writes the rest.</p>
    <button id="count" type="button">Clicked 0 times</button>
  </main>
  <script type="module" src="count.mjs"></script>
</body>
</html>`;

const style = `
:root { color-scheme: light dark; font-family: system-ui, sans-serif; }
main { max-width: 36rem; margin: 4rem auto; padding: 0 1rem; line-height: 1.5; }
.label { padding: 0.5rem 0.75rem; border-radius: 0.5rem; background: #b45309; color: #fff; font-weight: 600; }
blockquote { margin: 0; padding: 0.5rem 1rem; border-left: 0.25rem solid #b45309; }
button { font: inherit; padding: 0.5rem 1rem; }`;

const script = `
const labelOf = (count) => \`Clicked \${count} \${count === 1 ? 'time' : 'times'}\`;

export { labelOf };

if (globalThis.document) {
  const button = document.getElementById('count');
  let count = 0;
  button.addEventListener('click', () => {
    count += 1;
    button.textContent = labelOf(count);
  });
}`;

const test = `
import assert from 'node:assert/strict';
import { test } from 'node:test';

const { labelOf } = await import(new URL('../public/count.mjs', import.meta.url));

test('says how often it was clicked', () => {
  assert.equal(labelOf(1), 'Clicked 1 time');
  assert.equal(labelOf(2), 'Clicked 2 times');
});`;

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
