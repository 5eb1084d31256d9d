/** Each call that changes something, step by step: how it is made, and how it must end when its server dies in it. */

import { expect } from 'bun:test';
import { PutObjectCommand, UploadPartCommand } from '@aws-sdk/client-s3';
import { type Api, granted, md5, objectDigest, patiently, putAll, random, told } from '../api/client.ts';
import { sendFile } from '../api/place.ts';
import type { Ground, State } from './ground.ts';

export const SIZE = 2058;
const FILE = { filename: 'film.bin', fileSize: SIZE, contentType: 'video/mp4' };

export interface Ready {
  /** Makes the call. */
  ask(api: Api, headers?: Record<string, string>): ReturnType<Api['call']>;
  bytes: Uint8Array<ArrayBuffer>;
  /** Makes good what the call was refused for. */
  mend?(api: Api): Promise<void>;
  /** How much of the grant is spent. */
  spent?(): Promise<unknown>;
}

export interface Scenario {
  /** A `database` step is named by what it does; those in brackets only read. */
  steps: string[];
  arrange(api: Api, ground: Ground): Promise<Ready>;
  /** What there is before it takes effect, where that is not `kept`. */
  before?: Partial<State>;
  /** What the client is told in the end, and what there is then. */
  answer: [number, string | undefined];
  repeated: Partial<State>;
  /** What a janitor alone makes of it, once it has begun to take effect. */
  alone: Partial<State>;
}

/** It may go on. */
export const kept = { statuses: ['active'], uploads: 1, objects: [], open: 1, reserved: SIZE, events: [] };
/** The same of a single PUT, whether or not its object is there. */
const keptWhole = { ...kept, uploads: 0, objects: undefined };
const gone = { uploads: 0, objects: [], open: 0, reserved: 0 };
const done = { statuses: ['completed'], uploads: 0, open: 0, reserved: 0, events: ['upload.completed'] };
const failed = { ...gone, statuses: ['failed'], events: ['upload.failed'] };

/** `same` init again: with its key, or with none. */
function initWith(credentials: object, key: string | undefined): Ready['ask'] {
  const headers = { ...credentials, ...(key && { 'idempotency-key': key }) };
  return (api, more) => api.call('init', FILE, { ...api.credentials, ...headers, ...more });
}

const init = async (): Promise<Ready> => ({ ask: initWith({}, crypto.randomUUID()), bytes: random(SIZE) });

async function sent(api: Api) {
  const { bytes, wish, fileKey, uploadId } = await sendFile({ api, unit: 1024 }, SIZE);
  const ask: Ready['ask'] = (api, headers) => api.call('complete', wish, headers);
  return { ask, bytes, fileKey, uploadId: uploadId!, resumeToken: wish.resumeToken };
}

/** A file whose single PUT is still to be made. */
async function whole(api: Api) {
  const bytes = random(SIZE);
  const parts = [{ partNumber: 1, digest: md5(bytes) }];
  const { partUrls, fileKey, resumeToken } = await api.begin({ size: SIZE }, { partSize: 2 * SIZE, parts });
  const wish = { resumeToken, objectDigest: objectDigest(parts) };
  const ask: Ready['ask'] = (api, headers) => api.call('complete', wish, headers);
  return { ask, bytes, fileKey, resumeToken, send: () => putAll(partUrls, bytes) };
}

async function sentWhole(api: Api) {
  const ready = await whole(api);
  await ready.send();
  return ready;
}

export const SCENARIOS: Record<string, Scenario> = {
  init: {
    steps: ['database row', 'createUpload', 'database upload id'],
    arrange: init,
    answer: [200, undefined],
    repeated: kept,
    alone: { statuses: ['active'], open: 1, reserved: SIZE },
  },
  'init without a key': {
    steps: ['database row', 'createUpload', 'database upload id'],
    arrange: async () => ({ ask: initWith({}, undefined), bytes: random(SIZE) }),
    answer: [200, undefined],
    repeated: {},
    alone: {},
  },
  'init with a grant': {
    steps: ['(database grant)', 'database row, grant spent', 'createUpload', 'database upload id'],
    arrange: async (api, { sql }) => {
      const { grant } = granted(await api.call('grant', { maxBytes: 10 * SIZE, maxFiles: 5 }));
      return {
        ask: initWith({ authorization: `Bearer ${grant}`, 'x-user': '' }, crypto.randomUUID()),
        bytes: random(SIZE),
        spent: async () =>
          (
            await sql`select used_files as files, used_bytes::int as bytes from grants where user_id = ${api.credentials['x-user']!}`
          )[0],
      };
    },
    answer: [200, undefined],
    repeated: kept,
    alone: { statuses: ['active'], open: 1, reserved: SIZE },
  },
  'init after a dead one': {
    steps: ['(database row)', '(database find)', 'database lease', 'findUploads', 'database upload id'],
    arrange: async (api, { sql }) => {
      const ready = await init();
      granted(await ready.ask(api));
      const user = api.credentials['x-user']!;
      await sql`update multipart_uploads set upload_id = null, lease_until = now() where user_id = ${user}`;
      return ready;
    },
    answer: [200, undefined],
    repeated: kept,
    alone: kept,
  },
  complete: {
    steps: ['(database read)', 'database lease', 'listParts', 'completeUpload', 'headObject', 'database completed'],
    arrange: sent,
    answer: [200, undefined],
    repeated: done,
    alone: done,
  },
  'complete after a dead one': {
    steps: [
      '(database read)',
      'database lease',
      'headObject',
      'listParts',
      'completeUpload',
      'headObject',
      'database completed',
    ],
    arrange: async (api, { sql }) => {
      const ready = await sent(api);
      await sql`update multipart_uploads set status = 'completing', status_before = 'active', lease_until = now(),
        lease_holder = gen_random_uuid() where user_id = ${api.credentials['x-user']!}`;
      return ready;
    },
    answer: [200, undefined],
    repeated: done,
    alone: done,
  },
  'complete, other bytes': {
    steps: [
      '(database read)',
      'database lease',
      'listParts',
      'completeUpload',
      'headObject',
      'database failed',
      'deleteObject',
    ],
    arrange: async (api, { store, bucket }) => {
      const ready = await sent(api);
      const part = { Bucket: bucket, Key: ready.fileKey, UploadId: ready.uploadId, PartNumber: 2 };
      await store.s3.send(new UploadPartCommand({ ...part, Body: random(1024) }));
      return ready;
    },
    answer: [409, 'DIGEST_MISMATCH'],
    repeated: { ...failed, objects: undefined },
    alone: failed,
  },
  'complete, a part missing': {
    steps: ['(database read)', 'database lease', 'listParts', 'database released'],
    arrange: async (api) => {
      const bytes = random(SIZE);
      const { resumeToken, partUrls } = await api.begin({ size: SIZE });
      await putAll([partUrls[0]!, partUrls[2]!], bytes);
      return {
        bytes,
        ask: (api, headers) => api.call('complete', { resumeToken }, headers),
        mend: async (api) => putAll(granted(await api.call('resume', { resumeToken })).remainingParts, bytes),
      };
    },
    answer: [400, 'INCOMPLETE_PARTS'],
    repeated: kept,
    alone: kept,
  },
  abort: {
    steps: ['(database read)', 'database aborted', 'abortUpload'],
    arrange: async (api) => {
      const { resumeToken, bytes } = await sent(api);
      return { bytes, ask: (api, headers) => api.call('abort', { resumeToken }, headers) };
    },
    answer: [200, undefined],
    repeated: { ...gone, statuses: ['aborted'], events: [] },
    alone: { ...gone, statuses: ['aborted'], events: [] },
  },
  'init of a single PUT': {
    steps: ['database row'],
    arrange: async () => {
      const bytes = random(SIZE);
      const wish = { ...FILE, partSize: 2 * SIZE, parts: [{ partNumber: 1, digest: md5(bytes) }] };
      const key = crypto.randomUUID();
      return {
        bytes,
        ask: (api, more) => api.call('init', wish, { ...api.credentials, 'idempotency-key': key, ...more }),
      };
    },
    answer: [200, undefined],
    repeated: { ...kept, uploads: 0 },
    alone: { ...kept, uploads: 0 },
  },
  'complete of a single PUT': {
    steps: ['(database read)', 'database lease', 'headObject', 'database completed'],
    arrange: sentWhole,
    before: keptWhole,
    answer: [200, undefined],
    repeated: done,
    alone: done,
  },
  'complete of a single PUT, other bytes': {
    steps: ['(database read)', 'database lease', 'headObject', 'database failed', 'deleteObject'],
    arrange: async (api, { store, bucket }) => {
      const ready = await sentWhole(api);
      await store.s3.send(new PutObjectCommand({ Bucket: bucket, Key: ready.fileKey, Body: random(SIZE) }));
      return ready;
    },
    before: keptWhole,
    answer: [409, 'DIGEST_MISMATCH'],
    repeated: { ...failed, objects: undefined },
    alone: failed,
  },
  'complete of a single PUT that is not there': {
    steps: ['(database read)', 'database lease', 'headObject', 'database released'],
    arrange: async (api) => {
      const { send, ...ready } = await whole(api);
      return { ...ready, mend: send };
    },
    before: keptWhole,
    answer: [400, 'INCOMPLETE_PARTS'],
    repeated: { ...kept, uploads: 0 },
    alone: { ...kept, uploads: 0 },
  },
  'abort of a single PUT': {
    steps: ['(database read)', 'database aborted', 'deleteObject'],
    arrange: async (api) => {
      const { resumeToken, bytes } = await sentWhole(api);
      return { bytes, ask: (api, headers) => api.call('abort', { resumeToken }, headers) };
    },
    before: keptWhole,
    answer: [200, undefined],
    repeated: { ...gone, statuses: ['aborted'], events: [] },
    alone: { ...gone, statuses: ['aborted'], events: [] },
  },
};

/** The client asks again, as often as it is told to. */
export async function repeat(scenario: Scenario, ready: Ready, api: Api): Promise<string> {
  const answer = await patiently(() => ready.ask(api));
  expect(told(answer)).toEqual(scenario.answer);
  return [answer.status, answer.body.error].filter(Boolean).join(' ');
}
