import { BucketError } from '../errors.ts';

/** An element without its namespace and attributes: S3's documents carry nothing in them. */
export interface Element {
  name: string;
  children: Element[];
  text: string;
}

const TOKEN =
  /<!--[\s\S]*?-->|<\?[\s\S]*?\?>|<!\[CDATA\[([\s\S]*?)\]\]>|<\/([^\s<>/]+)\s*>|<([^\s<>/!?]+)(?:\s+[^\s=<>/]+\s*=\s*(?:"[^"<]*"|'[^'<]*'))*\s*(\/?)>|([^<]+)/y;
const ENTITIES: Record<string, string> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" };
const DEEPEST = 16;

function malformed(): BucketError {
  return new BucketError('MalformedXML', 'The XML you provided was not well-formed or did not follow the schema.');
}

function unescaped(text: string): string {
  return text.replace(/&([^;]*);?/g, (whole, name: string) => {
    const named = ENTITIES[name];
    if (named !== undefined && whole.endsWith(';')) return named;
    const code = /^#(?:x([0-9a-fA-F]{1,6})|([0-9]{1,7}))$/.exec(name);
    const point = code ? Number.parseInt(code[1] ?? code[2]!, code[1] ? 16 : 10) : Number.NaN;
    if (!(point <= 0x10ffff) || !whole.endsWith(';')) throw malformed();
    return String.fromCodePoint(point);
  });
}

const bare = (name: string) => name.slice(name.indexOf(':') + 1);

/** The root element, which must have the given name. Throws MalformedXML; a document type is refused. */
export function readXml(source: string, rootName: string): Element {
  const root: Element = { name: '', children: [], text: '' };
  const open = [root];
  TOKEN.lastIndex = source.startsWith('\ufeff') ? 1 : 0;
  while (TOKEN.lastIndex < source.length) {
    const token = TOKEN.exec(source);
    const inside = open.at(-1)!;
    if (!token) throw malformed();
    const [, cdata, closing, opening, empty, text] = token;
    if (cdata !== undefined) inside.text += cdata;
    else if (text !== undefined) inside.text += unescaped(text);
    else if (closing !== undefined) {
      if (open.length === 1 || inside.name !== bare(closing)) throw malformed();
      open.pop();
    } else if (opening !== undefined) {
      const element: Element = { name: bare(opening), children: [], text: '' };
      inside.children.push(element);
      if (!empty) open.push(element);
      if (open.length > DEEPEST) throw malformed();
    }
  }
  const [only, ...others] = root.children;
  if (!only || others.length || open.length > 1 || root.text.trim() || only.name !== rootName) throw malformed();
  return only;
}

export const childrenOf = (element: Element, name: string): Element[] =>
  element.children.filter((c) => c.name === name);

/** The trimmed text of the first child of that name. */
export function textOf(element: Element, name: string): string | undefined {
  return element.children.find((child) => child.name === name)?.text.trim();
}
