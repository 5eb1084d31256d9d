/** Fields of the configuration that hold something secret. */
const SECRET_FIELD = /secret|token|password/i;
/** Shorter ones would be found inside innocent words. */
const SHORTEST_ANYWHERE = 8;

/** Every secret that `source`, such as the configuration, holds: by the names of its fields, and the passwords of its addresses. */
export function secretsIn(source: unknown, secret = false): string[] {
  if (typeof source === 'string') return secret && source ? [source] : passwordsIn(source);
  if (source instanceof Uint8Array) {
    const bytes = Buffer.from(source);
    return secret ? [bytes.toString('base64'), bytes.toString('base64url'), bytes.toString()] : [];
  }
  if (typeof source !== 'object' || source === null) return [];
  return Object.entries(source).flatMap(([name, held]) => secretsIn(held, secret || SECRET_FIELD.test(name)));
}

function passwordsIn(text: string): string[] {
  if (!text.includes('@') || !URL.canParse(text)) return [];
  const { password } = new URL(text);
  return password ? [password, decoded(password)] : [];
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Finds `secrets` in a text, also as they stand in addresses and in JSON; undefined where there is nothing to find. */
export function patternOf(secrets: Iterable<string>): RegExp | undefined {
  const forms = [...secrets].flatMap((text) => [
    text,
    encodeURIComponent(text.toWellFormed()),
    JSON.stringify(text).slice(1, -1),
  ]);
  const found = [...new Set(forms)].filter((form) => form !== '').sort((a, b) => b.length - a.length);
  if (!found.length) return undefined;
  const words = found.map((form) => {
    const literal = form.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');
    return form.length < SHORTEST_ANYWHERE ? `(?<!\\w)${literal}(?!\\w)` : literal;
  });
  return new RegExp(words.join('|'), 'g');
}
