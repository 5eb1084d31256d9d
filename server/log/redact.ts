/** Stands wherever something secret would have stood. */
export const REDACTED = '[redacted]';

/** What opens something by its look alone, wherever it stands in a text. */
const LOOKS: [RegExp, string][] = [
  // Our own tokens, keys, grants and webhook secrets.
  [/(?:mp[ukg]_|whsec_)[\w+/=%-]+/g, REDACTED],
  // JSON Web Tokens (RFC 7519), signed or encrypted.
  [/eyJ[\w-]+(?:\.[\w-]*)+/g, REDACTED],
  // The password of an address.
  [/(:\/\/[^\s:@/?#]*:)[^\s/?#]*@/g, `$1${REDACTED}@`],
  [/\b(Bearer|Basic)\s+[\w.~+/=-]{8,}/gi, `$1 ${REDACTED}`],
  // In headers, queries and JSON; SigV4's X-Amz-Signature, X-Amz-Credential and X-Amz-Security-Token among them.
  [
    /((?:authorization|cookie|passw(?:or)?d|secret|api[-_]?key|secret[-_]?key|token|signature|credential)["']?\s*(?:=|:|%3D)\s*["']?)(?:(?:Bearer|Basic|AWS4-HMAC-SHA256)\s+)?[^\s"'&,;]+/gi,
    `$1${REDACTED}`,
  ],
];

/** Fields whose value is secret, whatever it looks like. */
const SECRET_FIELD =
  /authorization|cookie|passw(or)?d|secret|signature$|credentials?$|api[-_]?key$|secret[-_]?key$|token$/i;

const DEEPEST = 8;

function redactText(text: string, hidden: RegExp | undefined): string {
  // The longest first: a look must not leave half of a known secret behind.
  const known = hidden ? text.replace(hidden, REDACTED) : text;
  return LOOKS.reduce((line, [look, instead]) => line.replace(look, instead), known);
}

/**
 * A copy of `value`, as JSON can hold it, without anything that opens anything: without what looks like a token,
 * signature or password, without what `hidden` matches, and without the values of fields that are named for secrets.
 * Errors are told by name, code, message and causes; they have no stack.
 */
export function redact(value: unknown, hidden?: RegExp): unknown {
  const above = new Set<object>();

  function copy(item: unknown): unknown {
    if (typeof item === 'string') return redactText(item, hidden);
    if (typeof item === 'bigint') return String(item);
    if (typeof item !== 'object' || item === null) return typeof item === 'symbol' ? String(item) : item;
    if (ArrayBuffer.isView(item) || item instanceof ArrayBuffer) return `[${item.byteLength} bytes]`;
    if (above.has(item) || above.size >= DEEPEST) return '[more]';
    above.add(item);
    try {
      return inside(item);
    } catch {
      // A getter or `toJSON` of somebody else's.
      return '[unreadable]';
    } finally {
      above.delete(item);
    }
  }

  function inside(item: object): unknown {
    if (item instanceof Error) return fields(errorFields(item));
    if (item instanceof Map || item instanceof Headers || item instanceof URLSearchParams)
      return fields(Object.fromEntries(item as Iterable<[string, unknown]>));
    if (Array.isArray(item) || item instanceof Set) return [...item].map(copy);
    const { toJSON } = item as { toJSON?: unknown };
    return typeof toJSON === 'function' ? copy(toJSON.call(item)) : fields(item);
  }

  const fields = (item: object) =>
    Object.fromEntries(
      Object.entries(item).map(([name, held]) => [
        redactText(name, hidden),
        SECRET_FIELD.test(name) && held !== undefined && held !== null ? REDACTED : copy(held),
      ]),
    );

  return copy(value);
}

function errorFields(error: Error): object {
  const { code, cause, errors } = error as { code?: unknown; cause?: unknown; errors?: unknown };
  const more = Object.entries({ code, cause, errors }).filter(([, held]) => held !== undefined);
  return { name: error.name, message: error.message, ...Object.fromEntries(more) };
}
