/** What AWS Signature Version 4 signs, as text. Source: AWS, "Create a signed AWS API request", with S3's exceptions. */

/** Percent-encodes all but RFC 3986's unreserved characters, in upper-case hex. */
export function uriEncode(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);
}

/** S3 encodes the path once and leaves its slashes; no other AWS service does. */
export function encodePath(path: string): string {
  return uriEncode(path).replaceAll('%2F', '/');
}

/** Encoded pairs in order of encoded name, then value; the signature itself is not part of what it signs. */
export function canonicalQuery(parameters: [name: string, value: string][]): string {
  return parameters
    .filter(([name]) => name !== 'X-Amz-Signature')
    .map(([name, value]): [string, string] => [uriEncode(name), uriEncode(value)])
    .sort(([a, x], [b, y]) => (a < b ? -1 : a > b ? 1 : x < y ? -1 : x > y ? 1 : 0))
    .map((pair) => pair.join('='))
    .join('&');
}

/** Of a header: without blanks at its ends, and with one for each row of them. */
export const canonicalValue = (value: string): string => value.trim().replace(/ {2,}/g, ' ');

export interface CanonicalParts {
  method: string;
  path: string;
  parameters: [name: string, value: string][];
  signedHeaders: string[];
  header(name: string): string;
  payload: string;
}

export function canonicalRequest(parts: CanonicalParts): string {
  const headers = parts.signedHeaders.map((name) => `${name}:${canonicalValue(parts.header(name))}\n`);
  return [
    parts.method,
    encodePath(parts.path),
    canonicalQuery(parts.parameters),
    headers.join(''),
    parts.signedHeaders.join(';'),
    parts.payload,
  ].join('\n');
}
