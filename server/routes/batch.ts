import { z } from 'zod';
import type { BatchAnswer, BatchCall } from '../contract/wire.ts';
import { readBody } from './body.ts';
import { keySchema } from './init.ts';
import { inLanes } from './lanes.ts';

const NAMES = ['init', 'sign', 'complete', 'resume', 'pause', 'abort', 'claim', 'grant'] as const;
const MOST_CALLS = 64;
/** Side by side: fewer than the connections to the database, which others need, too. */
const LANES = 16;
/** A call that takes longer waits for the store or for somebody else. */
const PATIENCE_MS = 250;
/** Milliseconds after which a call is answered as one to be asked again; a client gives the whole up at 45 s. */
const LONGEST_MS = 30_000;

/** What each call asks is looked at when it is its turn, and refused in its place. */
export const schema = z.object({
  calls: z
    .array(
      z.looseObject({
        call: z.enum(NAMES).describe('its name; its request stands beside it'),
        idempotencyKey: keySchema
          .regex(/^[\x20-\x7e]*$/, 'must be ASCII, as in a header')
          .optional()
          .describe('its `Idempotency-Key`'),
      }),
    )
    .min(1)
    .max(MOST_CALLS)
    .describe('each with what it asks, beside its name'),
});

/** Answers one call as if it had come alone; the `first` has been let in with the batch. */
export type AnswerAlone = (call: BatchCall['call'], request: Request, first: boolean) => Promise<Response>;

/** Every call with the credentials of the batch; whatever becomes of one, the others are answered. */
export async function batch(request: Request, answer: AnswerAlone): Promise<BatchAnswer> {
  const { calls } = await readBody(request, schema);
  const answers = await inLanes(calls, LANES, PATIENCE_MS, ({ call, idempotencyKey, ...wish }, at) =>
    inTime(answer(call, alone(request, call, idempotencyKey, wish), at === 0).then(told)),
  );
  return { success: true, answers };
}

/** The others are not kept waiting for one; whoever asks again, under its key or token, hears how it ended. */
async function inTime(answer: Promise<BatchAnswer['answers'][number]>): Promise<BatchAnswer['answers'][number]> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<BatchAnswer['answers'][number]>((resolve) => {
    timer = setTimeout(resolve, LONGEST_MS, {
      success: false,
      error: 'STORE_UNAVAILABLE',
      message: 'This call takes longer than the others of its batch can wait; ask again.',
      status: 503,
      retryAfter: 5,
    });
  });
  return Promise.race([answer, late]).finally(() => clearTimeout(timer));
}

function alone(batch: Request, call: string, idempotencyKey: string | undefined, wish: object): Request {
  const headers = new Headers(batch.headers);
  for (const name of ['content-length', 'transfer-encoding', 'idempotency-key']) headers.delete(name);
  if (idempotencyKey !== undefined) headers.set('idempotency-key', idempotencyKey);
  return new Request(new URL(call, batch.url), { method: 'POST', headers, body: JSON.stringify(wish) });
}

/** What the response says by status and headers stands in the answer itself. */
async function told(response: Response): Promise<BatchAnswer['answers'][number]> {
  const { status: state, ...answer } = await response.json();
  const retryAfter = response.headers.get('retry-after');
  return {
    ...answer,
    // A claim has one of its own.
    ...(state !== undefined && { sessionStatus: state }),
    status: response.status,
    ...(retryAfter !== null && { retryAfter: Number(retryAfter) }),
  };
}
