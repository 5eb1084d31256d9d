/** An element's name and what it holds; `undefined` leaves the element out. */
export type Markup = [name: string, content: string | number | boolean | Markup[] | undefined];

const NAMESPACE = 'http://s3.amazonaws.com/doc/2006-03-01/';
const ENTITIES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
// biome-ignore lint/suspicious/noControlCharactersInRegex: keys may hold any of them.
const CONTROL = /[&<>"\u0000-\u001f\u007f]/g;

/** Text as XML content. Control characters become character references, as S3 itself writes them. */
export function escaped(text: string): string {
  return text.replace(CONTROL, (char) => ENTITIES[char] ?? `&#x${char.charCodeAt(0).toString(16)};`);
}

function element([name, content]: Markup): string {
  if (content === undefined) return '';
  const inner = Array.isArray(content) ? content.map(element).join('') : escaped(String(content));
  return `<${name}>${inner}</${name}>`;
}

/** A whole document with S3's namespace; errors have none. */
export function document(root: string, children: Markup[]): string {
  const namespace = root === 'Error' ? '' : ` xmlns="${NAMESPACE}"`;
  return `<?xml version="1.0" encoding="UTF-8"?>\n<${root}${namespace}>${children.map(element).join('')}</${root}>`;
}

/** A 200 answer that carries a document. */
export function xmlResponse(root: string, children: Markup[], headers: Record<string, string> = {}): Response {
  return new Response(document(root, children), { headers: { 'content-type': 'application/xml', ...headers } });
}
