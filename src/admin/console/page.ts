import { html } from 'hono/html';
import { type Html, nothing } from './parts.ts';
import type { SiteFacts } from './ports.ts';

export const sections = [
  ['/', 'Status'],
  ['/images', 'Images'],
  ['/held', 'Held'],
  ['/queue', 'Deliveries'],
  ['/senders', 'Senders'],
  ['/model', 'Model'],
  ['/audit', 'Audit'],
] as const;

export interface Page {
  /** What the window is called; the node's name follows. */
  readonly title: string;
  /** Path of the section it belongs to. */
  readonly section: (typeof sections)[number][0] | '';
  readonly body: Html;
  /** The page is asked for again after so many seconds, until a reader stops it. */
  readonly refreshSeconds?: number;
}

/** The frame of every page: skip link, name, sections, search, notice. No script, nothing from elsewhere. */
export function page(site: SiteFacts, { title, section, body, refreshSeconds }: Page): Html {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
${refreshSeconds === undefined ? nothing : html`<meta http-equiv="refresh" content="${refreshSeconds}">`}
<title>${title} · ${site.aeTitle}</title>
<link rel="icon" href="/icon.svg" type="image/svg+xml">
<link rel="stylesheet" href="/style.css">
</head>
<body>
<a class="skip" href="#main">To the content</a>
<header>
<p class="brand"><a href="/"><strong>lumbar-node</strong> <span>${site.aeTitle}</span></a></p>
<nav aria-label="Sections"><ul>${sections.map(
    ([path, name]) =>
      html`<li><a href="${path}" ${path === section ? html`aria-current="page"` : nothing}>${name}</a></li>`,
  )}</ul></nav>
<form class="find" role="search" action="/find" method="get">
<label for="find" class="quiet">Accession number or UID</label>
<input id="find" name="q" type="search" placeholder="Accession number or UID" autocomplete="off" maxlength="100" required>
<button type="submit">Explain</button>
</form>
</header>
<p class="notice">${site.researchNotice}</p>
<main id="main">
${body}
</main>
<footer><p>lumbar-node ${site.version} · <a href="/healthz">health</a> · <a href="/readyz">ready</a> · <a href="/metrics">metrics</a></p></footer>
</body>
</html>`;
}
