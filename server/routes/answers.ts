/** What each call answers with, as `contract/wire.ts` has it, for whoever reads the reference. */

import { z } from 'zod';
import { ERRORS, type ErrorAnswer, type ErrorCode } from '../contract/errors.ts';
import type { Progress } from '../contract/progress.ts';
import type * as Wire from '../contract/wire.ts';

type Flat<T> = { [Key in keyof T]: T[Key] };

/** True where two types are the same in every field and in what is optional. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

/** The schema itself; does not compile where it allows anything else than `Expected`. */
const of =
  <Expected>() =>
  <Schema extends z.ZodType>(
    schema: Schema & (Same<z.output<Schema>, Flat<Expected>> extends true ? unknown : never),
  ): Schema =>
    schema;

const success = z.literal(true);
const bytes = z.int().min(0);
const milliseconds = z.int().min(0).describe('milliseconds that it took');
const message = z.string().describe('a sentence for people');
const partNumber = z.int().min(1).max(10_000).describe('1 for the first');
const resumeToken = z.string().describe('all that is needed for everything on this upload: keep it as a secret');
const sessionId = z.string().describe('what `claim` and the list know this upload by');
const uploadId = z.string().nullable().describe('the store’s own id of the multipart upload; null of a single PUT');
const fileKey = z.string().describe('key of the object in the bucket');
const filename = z.string().describe('the file’s own name');
const fileSize = bytes.describe('bytes of the file');
const totalParts = z.int().min(1).describe('parts of the file; an empty file has one');
const partSize = bytes.describe('bytes of every part but the last');
const urlSeconds = z.number().describe('seconds that the part URLs live');
const sessionSeconds = z.number().describe('seconds that the upload may take');
const status = z.enum(['active', 'paused', 'completing', 'completed', 'aborted', 'failed']);
const finalUrl = z.string().describe('the object’s address: the public one, where there is one');
const errorCode = z.enum(Object.keys(ERRORS) as ErrorCode[]);
const time = z.iso.datetime();

const progressSchema = of<Progress>()(
  z.strictObject({
    uploaded: z.int().min(0).describe('parts that the store has'),
    total: totalParts,
    percentage: z.number().min(0).max(100).describe('of the parts'),
    uploadedBytes: bytes.describe('bytes that the store has'),
    totalBytes: fileSize,
    bytesPercentage: z.number().min(0).max(100).describe('of the bytes'),
  }),
);
const progress = progressSchema.describe('how far it is');

const partUrl = of<Wire.PartUrl>()(
  z.strictObject({
    partNumber,
    url: z.url().describe('where to PUT the part; it is signed: never log it'),
    headers: z.record(z.string(), z.string()).describe('to be sent exactly so'),
    size: bytes.describe('bytes to send, no more and no fewer'),
    start: z.int().min(0).describe('first byte in the file'),
    end: z.int().min(-1).describe('last byte in the file, inclusive'),
  }),
);

const uploadedPart = of<Wire.UploadedPart>()(
  z.strictObject({
    partNumber,
    etag: z.string().describe('as the store has it, without quotes'),
    size: bytes.describe('bytes'),
    lastModified: z.string().describe('when the store took it'),
  }),
);

const grantAnswer = of<Wire.GrantAnswer>()(
  z.strictObject({
    success,
    grant: z.string().describe('send it as `Authorization: Bearer` with `init`'),
    expiresIn: z.number().describe('seconds that the grant lives'),
    maxBytes: bytes.describe('bytes of all files together'),
    maxFiles: z.int().min(1).describe('uploads that it may begin'),
    contentTypes: z.array(z.string()).describe('the only ones it may begin; empty for all'),
  }),
);

const initAnswer = of<Wire.InitAnswer>()(
  z.strictObject({
    success,
    resumeToken,
    sessionId,
    uploadId,
    fileKey,
    partUrls: z.array(partUrl).describe('empty where the digests were made for another part size than `partSize`'),
    totalParts,
    partSize,
    fileSize,
    expiresIn: urlSeconds,
    sessionExpiresIn: sessionSeconds,
    initializationTime: milliseconds,
    message,
  }),
);

const signAnswer = of<Wire.SignAnswer>()(
  z.strictObject({
    success,
    partUrls: z.array(partUrl).describe('for the parts asked for, but those that are stored'),
    expiresIn: urlSeconds,
    storedParts: z
      .array(z.tuple([partNumber, partNumber]))
      .describe('parts that the store has, as ranges with both ends inclusive'),
    progress,
  }),
);

const resumeAnswer = of<Wire.ResumeAnswer>()(
  z.strictObject({
    success,
    resumeToken,
    uploadId,
    fileKey,
    filename,
    totalParts,
    partSize,
    uploadedParts: z.array(uploadedPart).describe('what the store has'),
    remainingParts: z.array(partUrl).describe('URLs for what it lacks'),
    progress,
    fingerprint: z.string().optional().describe('the caller’s own mark of the file, where `init` was given one'),
    resumeTime: milliseconds,
    message,
  }),
);

const pauseAnswer = of<Wire.PauseAnswer>()(z.strictObject({ success, progress }));

const completeAnswer = of<Wire.CompleteAnswer>()(
  z.strictObject({
    success,
    url: finalUrl,
    downloadUrl: z.string().optional().describe('opens the object for an hour; it is signed: never log it'),
    fileKey,
    filename,
    fileSize,
    etag: z.string().describe('of the finished object'),
    verifiedBy: z
      .enum(['etag', 'parts', 'size'])
      .describe('what proved it whole: its ETag, each part’s digest, or the sizes alone'),
    location: z.string().describe('the object’s address at the store'),
    provider: z.enum(['S3', 'R2']).describe('whose bucket it is'),
    bucket: z.string().describe('its name'),
    totalParts,
    completionTime: milliseconds,
    message,
  }),
);

const abortAnswer = of<Wire.AbortAnswer>()(z.strictObject({ success, resumeToken, message }));

const claimAnswer = of<Wire.ClaimAnswer>()(
  z.strictObject({
    success,
    resumeToken: z.string().describe('issued anew: earlier ones of this upload open nothing any more'),
    sessionId,
    status: z.enum(['active', 'paused']).describe('a paused one goes on with `resume`'),
    uploadId,
    fileKey,
    filename,
    fileSize,
    totalParts,
    partSize,
    expiresIn: sessionSeconds,
    progress,
  }),
);

const outcome = {
  url: finalUrl.optional().describe('the object’s address, of a finished upload'),
  errorCode: errorCode.optional().describe('why, of a failed one'),
  errorMessage: z.string().optional().describe('the same in a sentence'),
};

const progressAnswer = of<Wire.ProgressAnswer>()(
  z.strictObject({ success, status: status.describe('where it stands'), progress, ...outcome }),
);

const listedUpload = of<Wire.ListedUpload>()(
  z.strictObject({
    id: z.string().describe('the `sessionId` that `claim` takes'),
    filename,
    fileKey,
    fileSize,
    contentType: z.string().describe('media type'),
    status: status.describe('where it stands'),
    progress,
    createdAt: time.describe('when it was begun'),
    updatedAt: time.describe('when anything last changed'),
    expiresAt: time.describe('when it ends unless it is finished'),
    ...outcome,
  }),
);

const listAnswer = of<Wire.ListAnswer>()(
  z.strictObject({
    success,
    uploads: z.array(listedUpload).describe('newest first'),
    cursor: z.string().optional().describe('for the next page; missing on the last'),
  }),
);

/** Its calls answer as they do alone: what of that is the same for all of them. */
const batchAnswer = z.strictObject({
  success,
  answers: z
    .array(
      z.looseObject({
        success: z.boolean(),
        status: z.int().describe('of HTTP, as if it had come alone; what else it answers stands beside it'),
        retryAfter: z.number().optional().describe('seconds, as in `Retry-After`'),
        sessionStatus: z.enum(['active', 'paused']).optional().describe('of `claim`: its `status`'),
      }),
    )
    .describe('each in the place of its call'),
});

/** An app's own `beforeInit` may add fields of its own. */
const errorAnswer = of<ErrorAnswer & { missing?: number[]; partNumber?: number; [more: string]: unknown }>()(
  z.looseObject({
    success: z.literal(false),
    error: errorCode.describe('stays the same from version to version'),
    message: z.string().describe('what is wrong and what to do, in a sentence for people'),
    requestId: z.string().optional().describe('of 5xx: what the server’s log has it under'),
    missing: z.array(partNumber).optional().describe('of `INCOMPLETE_PARTS`: the first hundred of them'),
    partNumber: partNumber.optional().describe('of `PART_ALREADY_STORED`: which one'),
  }),
);

/** By the name of the call. */
export const ANSWERS = {
  grant: grantAnswer,
  init: initAnswer,
  claim: claimAnswer,
  sign: signAnswer,
  resume: resumeAnswer,
  pause: pauseAnswer,
  complete: completeAnswer,
  abort: abortAnswer,
  progress: progressAnswer,
  list: listAnswer,
  batch: batchAnswer,
};

/** What several answers have in common, by the name of its type. */
export const SHARED = {
  ErrorAnswer: errorAnswer,
  ListedUpload: listedUpload,
  PartUrl: partUrl,
  Progress: progressSchema,
  UploadedPart: uploadedPart,
};
