/** What nothing of ours ever needs. */
const REFUSED = {
  'default-src': "'none'",
  'base-uri': "'none'",
  'form-action': "'none'",
  'frame-ancestors': "'none'",
};

/** A Content Security Policy that allows `allowed` and nothing else: `{ 'connect-src': "'self' https://…" }`. */
export const contentPolicy = (allowed: Record<string, string> = {}): string =>
  Object.entries({ ...REFUSED, ...allowed })
    .map(([directive, sources]) => `${directive} ${sources}`)
    .join('; ');
