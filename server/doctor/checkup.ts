import type { Config, StoreConfig } from '../config/config.ts';
import { pageOrigins } from '../config/origins.ts';
import { inspect } from '../database/inspection.ts';
import { database, unreached } from './database.ts';
import { examine } from './examination.ts';
import { type Finding, note, ok } from './finding.ts';
import type { Section } from './report.ts';
import { originOf } from './subject.ts';

export interface CheckupOptions {
  /** Ends it early, with its reason; what was written is removed first. */
  signal: AbortSignal;
  /** Whether a bucket without lifecycle rules may be given one, for a moment. */
  tryLifecycle: boolean;
}

/** Checks all that the configuration names, and with `--dev` what the server brings along in its place. */
export async function checkup(config: Config, options: CheckupOptions): Promise<Section[]> {
  const sections = [{ about: 'Settings', findings: [origins(config)] }, await databaseSection(config)];
  for (const store of config.stores) sections.push(await bucketSection(config, store, options));
  if (!config.stores.length) sections.push(await localBucketSection(config, options));
  return sections;
}

function origins(config: Config): Finding {
  const named = pageOrigins(config);
  return named.length
    ? ok('origins', `Pages of ${named.join(', ')} may call.`)
    : note(
        'origins',
        'ALLOWED_ORIGINS is empty: no page of another origin than the server’s may call it, or PUT to the bucket.',
      );
}

async function databaseSection(config: Config): Promise<Section> {
  if (config.databaseUrl) return { about: 'PostgreSQL', findings: await findingsOf(config.databaseUrl) };
  const { localDatabase } = await import('./local.ts');
  const local = await localDatabase(config);
  try {
    return { about: `PostgreSQL (embedded, ${origin(local.own)})`, findings: await findingsOf(local.of) };
  } finally {
    await local.stop();
  }
}

const findingsOf = (url: string): Promise<Finding[]> => inspect(url).then(database, (error) => [unreached(error)]);

async function bucketSection(
  config: Config,
  store: StoreConfig,
  { signal, tryLifecycle }: CheckupOptions,
  embedded?: string,
): Promise<Section> {
  const { keyPrefix, partDigest } = config;
  const subject = { store, keyPrefix, origins: pageOrigins(config), partDigest, embedded: embedded !== undefined };
  const about = `${store.provider} bucket ${store.bucket} at ${originOf(store)} (${embedded ?? `profile ${store.profile.name}`})`;
  return { about, findings: await examine(subject, signal, tryLifecycle) };
}

async function localBucketSection(config: Config, options: CheckupOptions): Promise<Section> {
  const { localBucket } = await import('./local.ts');
  const local = await localBucket(config, options.signal);
  try {
    return await bucketSection(config, local.of, options, `embedded, ${origin(local.own)}`);
  } finally {
    await local.stop();
  }
}

const origin = (own: boolean): string => (own ? 'started for this check' : 'of the running server');
