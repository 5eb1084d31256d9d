/**
 * The upload server as a library: a Hono app, and what opens its database and buckets.
 *
 * @example
 * const partway = await openDeps(readConfig(process.env));
 * app.route('/', createApp(partway.deps));
 */

export { createApp } from './app.ts';
export { type Bucket, StoreFault } from './bucket/bucket.ts';
export { type Config, readConfig, type StoreConfig } from './config/config.ts';
export { ERRORS, type ErrorAnswer, type ErrorCode, UploadError } from './contract/errors.ts';
export type { Progress } from './contract/progress.ts';
export * from './contract/wire.ts';
export type { Database } from './database/connection.ts';
export type { Deps } from './deps.ts';
export { StartError } from './fault.ts';
export type { Check } from './health/readiness.ts';
export type { Hooks, Intent, Verdict, VerifiedUpload } from './hooks.ts';
export type { Identify, Identity } from './identity/jwt.ts';
export { type Opened, type OpenOptions, openDeps } from './open.ts';
