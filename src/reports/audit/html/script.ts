/** Sorts tables by a click on a column's head; all else works without a script. */
export const pageScript = `
for (const table of document.querySelectorAll('table[data-sortable]')) {
  const heads = [...table.tHead.rows[0].cells];
  heads.forEach((head, column) => head.addEventListener('click', () => {
    const down = head.getAttribute('aria-sort') !== 'descending';
    heads.forEach((other) => other.removeAttribute('aria-sort'));
    head.setAttribute('aria-sort', down ? 'descending' : 'ascending');
    const key = (row) => row.cells[column].dataset.key ?? row.cells[column].textContent;
    const compare = (one, other) => {
      const [a, b] = [key(one), key(other)];
      const whole = /^-?[0-9]+$/;
      if (whole.test(a) && whole.test(b)) return BigInt(a) < BigInt(b) ? -1 : Number(BigInt(a) > BigInt(b));
      return a < b ? -1 : Number(a > b);
    };
    const rows = [...table.tBodies[0].rows].sort((one, other) => down ? compare(other, one) : compare(one, other));
    table.tBodies[0].append(...rows);
  }));
}
`.trim();
