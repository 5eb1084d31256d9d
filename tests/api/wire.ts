/** Which request of the server to its store is which. */

import type { Seen, Proxy as Wire } from '../faults/proxy.ts';

export const isCreate = ({ method, query }: Seen) => method === 'POST' && /^uploads\b/.test(query);
export const isComplete = ({ method, query }: Seen) => method === 'POST' && query.startsWith('uploadId=');
export const isHead = ({ method }: Seen) => method === 'HEAD';

/** Of all that match, the first alone. */
export function firstOf(matches: (seen: Seen) => boolean): (seen: Seen) => boolean {
  let first: Seen | undefined;
  return (seen) => {
    if (!first && matches(seen)) first = seen;
    return seen === first;
  };
}

/** Resolves when a request that matches stands still. */
export const stands = (wire: Wire, matches: (seen: Seen) => boolean, limit = 30_000) =>
  wire.waitFor(() => wire.requests.some((seen) => seen.held && matches(seen)), { limit, what: 'a request to be held' });

export const errorBody = (code: string) =>
  `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code><Message>We are sorry.</Message></Error>`;
