import type { z } from 'zod';
import { schema as abort } from '../routes/abort.ts';
import { schema as batch } from '../routes/batch.ts';
import { schema as claim } from '../routes/claim.ts';
import { schema as complete } from '../routes/complete.ts';
import { schema as grant } from '../routes/grant.ts';
import { schema as init, keySchema } from '../routes/init.ts';
import { schema as list } from '../routes/list.ts';
import { schema as pause } from '../routes/pause.ts';
import { schema as resume } from '../routes/resume.ts';
import { schema as sign } from '../routes/sign.ts';
import type { CallName } from './remedies.ts';

export interface Call {
  /** Below the API's base. */
  path: string;
  does: string;
  /** A user's, a user's or a grant, the resume token in the body, the resume token in a header, or whatever its calls need. */
  credentials: 'user' | 'begin' | 'token' | 'tokenHeader' | 'calls';
  body?: z.ZodType;
  query?: z.ZodObject;
  headers?: Record<string, z.ZodType>;
  example?: object;
}

/** Stands where an upload's own token is to be put. */
export const RESUME_TOKEN = 'mpu_…';

/** Every call of the API, in the order in which an upload makes them. */
export const CALLS: Record<CallName, Call> = {
  init: {
    path: '/init',
    does: 'Begins an upload: plans its parts and answers with a resume token and part URLs.',
    credentials: 'begin',
    body: init,
    headers: { 'Idempotency-Key': keySchema.optional() },
    example: { filename: 'film.mp4', fileSize: 12_000_000, contentType: 'video/mp4' },
  },
  sign: {
    path: '/sign',
    does: 'Gives URLs for the next parts and takes down what was stored since the last call.',
    credentials: 'token',
    body: sign,
    example: { resumeToken: RESUME_TOKEN, parts: [{ partNumber: 2 }], stored: [1] },
  },
  resume: {
    path: '/resume',
    does: 'Asks the store what it has and gives URLs for what it lacks. Ends a pause.',
    credentials: 'token',
    body: resume,
    example: { resumeToken: RESUME_TOKEN, partUrlCount: 10 },
  },
  pause: {
    path: '/pause',
    does: 'Stops the upload: there are no more URLs until `resume`.',
    credentials: 'token',
    body: pause,
    example: { resumeToken: RESUME_TOKEN },
  },
  complete: {
    path: '/complete',
    does: 'Puts the object together from the store’s own list of parts, unless it was sent whole, and verifies it. Repeated, it answers the same.',
    credentials: 'token',
    body: complete,
    example: { resumeToken: RESUME_TOKEN },
  },
  abort: {
    path: '/abort',
    does: 'Ends the upload and frees its parts. Repeated, it answers the same.',
    credentials: 'token',
    body: abort,
    example: { resumeToken: RESUME_TOKEN },
  },
  progress: {
    path: '/progress',
    does: 'Tells how an upload stands.',
    credentials: 'tokenHeader',
  },
  list: {
    path: '',
    does: 'Lists the user’s uploads, newest first.',
    credentials: 'user',
    query: list,
    example: { limit: '10', status: 'active' },
  },
  claim: {
    path: '/claim',
    does: 'Gives the user’s own open upload a new resume token; older ones open nothing any more.',
    credentials: 'user',
    body: claim,
    example: { fingerprint: 'film.mp4-12000000' },
  },
  grant: {
    path: '/grant',
    does: 'Gives a capability to begin uploads later, bounded in bytes, files, types and days.',
    credentials: 'user',
    body: grant,
    example: { maxFiles: 100, contentTypes: ['image/jpeg'], days: 3 },
  },
  batch: {
    path: '/batch',
    does: 'Makes up to 64 of the calls above in one request, side by side, and answers each in its place as if it had come alone.',
    credentials: 'calls',
    body: batch,
    example: {
      calls: [
        { call: 'grant', maxFiles: 100 },
        { call: 'sign', resumeToken: RESUME_TOKEN, parts: [{ partNumber: 3 }] },
      ],
    },
  },
};
