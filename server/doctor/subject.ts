import type { StoreConfig } from '../config/config.ts';

/** One bucket as the configuration has it, and what is asked of it. */
export interface Subject {
  store: StoreConfig;
  keyPrefix: string;
  /** Origins whose pages are to PUT. */
  origins: string[];
  /** Whether part URLs are bound to the MD5 of their bytes. */
  partDigest: boolean;
  /** Of the server itself, for `--dev`: its settings are ours. */
  embedded: boolean;
}

/** What begins the names of this bucket's settings. */
export const settings = ({ store }: Pick<Subject, 'store'>): string => `${store.provider}_`;

/** The options that lead the AWS command line to this store. */
export const awsOptions = ({ store }: Pick<Subject, 'store'>): string =>
  isAmazon(store) ? `--bucket ${store.bucket}` : `--endpoint-url ${originOf(store)} --bucket ${store.bucket}`;

export const isAmazon = ({ endpoint }: StoreConfig): boolean =>
  /\.amazonaws\.com(\.cn)?$/.test(new URL(endpoint).hostname);

export const isR2 = ({ provider, profile, endpoint }: StoreConfig): boolean =>
  provider === 'R2' || profile.name === 'R2' || new URL(endpoint).hostname.endsWith('.r2.cloudflarestorage.com');

/** Without a password that an address may carry. */
export const originOf = ({ endpoint }: StoreConfig): string => new URL(endpoint).origin;
