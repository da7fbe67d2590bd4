import { html, type Html } from './html.ts';

/** The door: asks for a token, says where to find it, and never repeats what was typed. */
export function signInPage(problem: string | undefined): Html {
  return html`<div class="door card">
    <h1>Sign in</h1>
    <p class="hint">Figures of this gateway, for the people who run it.</p>
    ${problem !== undefined && html`<p class="note" role="alert">${problem}</p>`}
    <form method="post" action="/sign-in">
      <label
        >Owner token or access token
        <input type="password" name="token" autocomplete="current-password" required maxlength="256" autofocus
      /></label>
      <button class="strong" type="submit">Sign in</button>
    </form>
    <p class="hint">
      The owner token was shown at the first start; it is in the file <code>owner-token</code> of the data folder.
      Access tokens are made with <code>switchyard tokens create</code>.
    </p>
  </div>`;
}
