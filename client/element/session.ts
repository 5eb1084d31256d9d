import { createUploadClient, type Upload, type UploadClient } from '../index.ts';
import { follow } from './feed.ts';
import type { UploadProperties } from './properties.ts';

/** A client in use. */
export interface Session {
  readonly client: UploadClient;
  /** What it was made from; others make another. */
  readonly settings: Settings;
  /** Resolves when the uploads known so far were told; rejects where the device's storage cannot be had. */
  readonly ready: Promise<void>;
  readonly signal: AbortSignal;
  close(): void;
}

type Settings = readonly unknown[];

/** Undefined where there is nothing to make a client from. Functions and promises, which an app may make anew each time it renders, count by being there. */
export function settingsOf(given: UploadProperties): Settings | undefined {
  const { client, endpoint, owner, apiKey, credentials, headers, order, serviceWorker } = given;
  if (client) return [client];
  if (!endpoint) return undefined;
  const worker = typeof serviceWorker === 'string' ? serviceWorker : Boolean(serviceWorker);
  return [endpoint, owner, apiKey, credentials, order, Boolean(headers), worker];
}

export const areSame = (some: Settings | undefined, others: Settings | undefined): boolean =>
  some === others || (some?.length === others?.length && some!.every((value, at) => value === others![at]));

/** Calls `onUpload` with every upload of the client, now and later. Throws where the settings are unlawful. */
export function openSession(given: UploadProperties, settings: Settings, onUpload: (upload: Upload) => void): Session {
  const { endpoint, owner, apiKey, credentials, headers, order, serviceWorker } = given;
  const client =
    given.client ??
    createUploadClient({
      endpoint,
      owner,
      apiKey,
      credentials,
      serviceWorker,
      ...(order && { order }),
      // The latest that the app has set.
      headers: headers && (() => given.headers?.() ?? {}),
    });
  const closing = new AbortController();
  const own = given.client === undefined;
  return {
    client,
    settings,
    ready: follow(client, onUpload, closing.signal),
    signal: closing.signal,
    close() {
      closing.abort();
      if (own) client.close().catch(() => {});
    },
  };
}
