import type { Operation } from '../exchange.ts';

/** 204 whether there was an object or not, as S3 does. */
export const deleteObject: Operation = async ({ bucket, target }) => {
  await bucket().objects.remove(target.key);
  return new Response(null, { status: 204 });
};
