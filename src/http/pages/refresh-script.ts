/**
 * Takes over fresh figures every few seconds while the page is looked at and nobody uses it; without it the page is
 * merely as old as its last load.
 */
export const refreshScript = `
(() => {
  const everyMs = 5000;
  const refresh = async () => {
    const shown = document.getElementById('figures');
    if (document.hidden || !shown || shown.contains(document.activeElement)) return;
    const answer = await fetch('/', { headers: { accept: 'text/html' }, redirect: 'error' });
    if (!answer.ok) return;
    const page = await answer.text();
    // Without the head: its styles carry the nonce of that answer, which the policy of this one refuses.
    const content = page.slice(page.indexOf('<main'), page.lastIndexOf('</main>'));
    const fresh = new DOMParser().parseFromString(content, 'text/html').getElementById('figures');
    if (fresh && !shown.contains(document.activeElement)) shown.replaceWith(fresh);
  };
  const again = () => setTimeout(() => refresh().catch(() => undefined).finally(again), everyMs);
  again();
})();
`;
