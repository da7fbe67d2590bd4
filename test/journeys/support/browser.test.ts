import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type BrowserOrReason, openBrowser, openWatchedPage } from './browser.ts';

describe('the browser of journeys', () => {
  let found: BrowserOrReason;
  beforeAll(async () => {
    found = await openBrowser();
  });
  afterAll(() => found.browser?.close());

  it('shows pages, and notes what they complain about and ask for', async ({ skip }) => {
    if (!found.browser) return skip(found.reason);
    const watched = await openWatchedPage(found.browser);
    await watched.page.setContent('<h1>Switchyard</h1><script>console.error("planted")</script>');
    expect(await watched.page.locator('h1').textContent()).toBe('Switchyard');
    await watched.page.evaluate('void Promise.reject(new Error("unheard"))');
    await watched.page.route('**/*', (route) => route.fulfill({ contentType: 'text/html', body: '<p>quiet' }));
    await watched.page.goto('http://switchyard.test/');
    expect(watched.complaints).toEqual(['error: planted', 'exception: unheard']);
    expect(watched.requests).toEqual(['http://switchyard.test/']);
    await watched.close();
  });

  it('has a font, so that pages with text fields can be shown and filled in', async ({ skip }) => {
    if (!found.browser) return skip(found.reason);
    const watched = await openWatchedPage(found.browser);
    await watched.page.setContent('<label>Name <input></label>');
    await watched.page.fill('input', 'Switchyard');
    expect(await watched.page.inputValue('input')).toBe('Switchyard');
    await watched.close();
  });

  it('keeps the rules of the web that a reader would meet', async ({ skip }) => {
    if (!found.browser) return skip(found.reason);
    const watched = await openWatchedPage(found.browser);
    const policy = `<meta http-equiv="Content-Security-Policy" content="default-src 'none'">`;
    await watched.page.setContent(`${policy}<img src="http://127.0.0.1:9/x.png">`);
    expect(watched.complaints.join('\n')).toMatch(/Content Security Policy/);
    await watched.close();
  });
});
