import type { Operation } from '../exchange.ts';

/** Of an abort and a completion at the same time one wins; the other hears NoSuchUpload. */
export const abortUpload: Operation = async ({ bucket, target }) => {
  const { uploads } = bucket();
  await uploads.abort(uploads.find(target.key, target.get('uploadId') ?? ''));
  return new Response(null, { status: 204 });
};
