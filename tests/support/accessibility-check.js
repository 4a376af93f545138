// What an accessibility checker looks for in the markup, run inside a page; its value is a list of sentences about
// what is wrong. Plain JavaScript, because the project's types know no browser.
(() => {
  const faults = [];
  const all = (selector) => [...document.querySelectorAll(selector)];
  const text = (element) => (element?.textContent ?? '').trim();
  if (document.documentElement.lang !== 'en') faults.push('no language');
  if (document.title === '') faults.push('no title');
  if (all('h1').length !== 1) faults.push(`${all('h1').length} first headings`);
  let level = 0;
  for (const heading of all('h1,h2,h3,h4')) {
    const next = Number(heading.tagName.slice(1));
    if (next > level + 1) faults.push(`heading "${text(heading)}" skips a level`);
    if (text(heading) === '') faults.push('an empty heading');
    level = next;
  }
  for (const name of ['header', 'main', 'nav', 'footer'])
    if (all(name).length === 0) faults.push(`no ${name}`);
  for (const table of all('table')) {
    if (text(table.querySelector('caption')) === '') faults.push('a table without caption');
    if ([...table.querySelectorAll('th')].some((cell) => !cell.hasAttribute('scope')))
      faults.push('th without scope');
  }
  for (const field of all('input:not([type=hidden]),select,textarea')) {
    const named =
      field.hasAttribute('aria-label') ||
      field.closest('label') !== null ||
      (field.id !== '' && document.querySelector(`label[for="${field.id}"]`) !== null);
    if (!named) faults.push(`a field without label: ${field.outerHTML.slice(0, 80)}`);
  }
  for (const link of all('a,button'))
    if (text(link) === '' && link.querySelector('img[alt]') === null) faults.push('a link without text');
  for (const image of all('img')) if (!image.hasAttribute('alt')) faults.push('a picture without text');
  const ids = all('[id]').map(({ id }) => id);
  for (const id of ids) if (ids.indexOf(id) !== ids.lastIndexOf(id)) faults.push(`two things named ${id}`);
  for (const labelled of all('[aria-labelledby]'))
    if (document.getElementById(labelled.getAttribute('aria-labelledby') ?? '') === null)
      faults.push('a label that is not there');
  return faults;
})();
