/** `partway/client`: uploads from a page that go on when it is gone. */
export { UploadError } from '../server/contract/errors.ts';
export type { HistoryEntry } from '../sw/history.ts';
export type { Order } from '../sw/order.ts';
export { createUploadClient, type UploadClient } from './client.ts';
export { UploadFailure } from './failure.ts';
export { estimateUploadTime, formatBytes } from './format.ts';
export type { Followers, ResumeOptions, UploadClientOptions, UploadOptions } from './options.ts';
export type { Background } from './standby.ts';
export type { State } from './state.ts';
export type { Survivors } from './survivors.ts';
export { type PartComplete, Upload, type UploadProgress, type UploadResult } from './upload.ts';
