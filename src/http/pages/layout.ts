import { html, type Html, type HtmlPart, ownMarkup } from './html.ts';
import { styles } from './styles.ts';

/** What is around the content of every page. */
export interface PageFrame {
  readonly title: string;
  /** Fresh for each answer: only what we wrote ourselves is applied and run. */
  readonly nonce: string;
  /** Who is signed in; absent on the sign-in page. */
  readonly principal?: { readonly name: string; readonly role: string } | undefined;
  /** Our own script, when the page has one. */
  readonly script?: string;
}

/** What a browser may do with our pages: apply our styles, run our script, ask us. Nothing from elsewhere. */
export function pageHeaders(nonce: string): { [name: string]: string } {
  const policy = [
    "default-src 'none'",
    `style-src 'nonce-${nonce}'`,
    `script-src 'nonce-${nonce}'`,
    "connect-src 'self'",
    "img-src 'self' data:",
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ];
  return {
    'content-type': 'text/html; charset=utf-8',
    'content-security-policy': policy.join('; '),
    'cache-control': 'no-store',
    'referrer-policy': 'same-origin',
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
  };
}

const mark = html`<svg
  class="mark"
  viewBox="0 0 24 24"
  fill="none"
  stroke="currentColor"
  stroke-width="2.2"
  stroke-linecap="round"
  aria-hidden="true"
>
  <path d="M3 6h6c4 0 4 12 8 12h4M3 18h6M15 6h6" />
</svg>`;

/** Writes a whole page around its content. */
export function renderPage(frame: PageFrame, content: HtmlPart): string {
  const { title, nonce, principal, script } = frame;
  const page = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="robots" content="noindex" />
        <title>${title}</title>
        <link rel="icon" href="data:," />
        <style nonce="${nonce}">
          ${ownMarkup(styles)}
        </style>
      </head>
      <body>
        <a class="skip" href="#content">Skip to the content</a>
        <header>${mark}<a class="name" href="/">Switchyard</a>${principal && signedIn(principal)}</header>
        <main id="content">${content}</main>
        ${
          script !== undefined &&
          html`<script nonce="${nonce}">
            ${ownMarkup(script)};
          </script>`
        }
      </body>
    </html> `;
  return page.markup;
}

function signedIn({ name, role }: { readonly name: string; readonly role: string }): Html {
  return html`<span class="who">${name === role ? name : `${name}, ${role}`}</span>
    <form method="post" action="/sign-out"><button type="submit">Sign out</button></form>`;
}
