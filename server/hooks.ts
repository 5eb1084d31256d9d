import type { Provider, VerifiedBy } from './contract/wire.ts';

/** An upload that somebody wants to begin. */
export interface Intent {
  userId: string;
  /** As it will be, unless the verdict gives another prefix. */
  fileKey: string;
  filename: string;
  contentType: string;
  /** Bytes. */
  fileSize: number;
  metadata: Record<string, string>;
  provider: Provider;
}

/** What the app says to it; nothing at all lets it begin as it is. */
export interface Verdict {
  /** Refuses it: one sentence for the person, answered as 403 `UPLOAD_REFUSED`. */
  refuse?: string;
  /** Added to the caller's, whose values of the same names it replaces. */
  metadata?: Record<string, string>;
  /** Begins the key instead of `KEY_PREFIX`, under the same rule; what follows stays unguessable. */
  keyPrefix?: string;
}

/** A finished object, compared by the server with what was sent. */
export interface VerifiedUpload {
  sessionId: string;
  userId: string;
  fileKey: string;
  filename: string;
  /** Bytes. */
  fileSize: number;
  contentType: string;
  url: string;
  /** Without quotes. */
  etag: string;
  verifiedBy: VerifiedBy;
  provider: Provider;
  bucket: string;
  metadata: Record<string, string>;
}

/** What an app may add to the server. */
export interface Hooks {
  /**
   * Who is signed in, by the app's own session or token: a stable id, nothing where nobody is. Asked of requests
   * without an API key or grant of ours and, where `JWT_SECRET` or `JWKS_URL` is set, without a bearer that is a JWT:
   * that one is judged by its signature alone. The hook gets address and headers, not the body. A request of another origin
   * than the server's own and `ALLOWED_ORIGINS` is refused before, so that cookies are safe. What it throws is
   * answered with 500.
   */
  authenticate?: (request: Request) => string | undefined | null | Promise<string | undefined | null>;
  /**
   * Asked before an upload begins: before anything is written, made in the store, or taken off a grant. May refuse,
   * or throw an `UploadError` of its own choice; any other error is answered with 500, and nothing is begun.
   * Once for each upload; a repeated `init` asks again only where it comes at the same moment as the first.
   */
  // biome-ignore lint/suspicious/noConfusingVoidType: an async function that returns nothing is one, too
  beforeInit?: (intent: Intent) => Verdict | undefined | void | Promise<Verdict | undefined | void>;
  /**
   * Told of each upload that is complete and verified, at least once: `sessionId` tells repeats. `complete` answers
   * when it has settled, after 10 s at the latest. Where it throws, takes longer than two minutes, or the server dies
   * in it, the upload stays complete and it is called again, for three days, by any server of the same database that
   * has the hook.
   */
  onVerified?: (upload: VerifiedUpload) => void | Promise<void>;
}
