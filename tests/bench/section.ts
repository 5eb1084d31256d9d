/** The places in a page that a command fills: between `<!-- name -->` and `<!-- /name -->`. */

/** The page with `body` in the section `name`; as it is where it has no such section. */
export function withSection(page: string, name: string, body: string): string {
  const [begin, end] = [`<!-- ${name} -->\n`, `<!-- /${name} -->`];
  const from = page.indexOf(begin);
  const to = page.indexOf(end, from);
  if (from < 0 || to < 0) return page;
  return `${page.slice(0, from + begin.length)}\n${body.trim()}\n\n${page.slice(to)}`;
}
