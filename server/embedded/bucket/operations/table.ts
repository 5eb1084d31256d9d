import { BucketError } from '../errors.ts';
import type { Operation } from '../exchange.ts';
import type { Target } from '../target.ts';
import { abortUpload } from './abortupload.ts';
import { bucketLocation, createBucket, headBucket, listBuckets } from './buckets.ts';
import { completeUpload } from './completeupload.ts';
import { createUpload } from './createupload.ts';
import { deleteObject } from './deleteobject.ts';
import { getObject } from './getobject.ts';
import { listObjects } from './listobjects.ts';
import { listParts } from './listparts.ts';
import { listUploads } from './listuploads.ts';
import { putObject } from './putobject.ts';
import { setting } from './settings.ts';
import { uploadPart } from './uploadpart.ts';

const cors = setting('cors');
const lifecycle = setting('lifecycle');

/** What the URL names, with the subresource in its query, and what each method does with it. */
const TABLE: Record<string, Record<string, Operation>> = {
  service: { GET: listBuckets },
  bucket: { GET: listObjects, HEAD: headBucket, PUT: createBucket },
  'bucket?cors': { GET: cors.get, PUT: cors.put, DELETE: cors.remove },
  'bucket?lifecycle': { GET: lifecycle.get, PUT: lifecycle.put, DELETE: lifecycle.remove },
  'bucket?location': { GET: bucketLocation },
  'bucket?uploads': { GET: listUploads },
  object: { GET: getObject, HEAD: getObject, PUT: putObject, DELETE: deleteObject },
  'object?uploads': { POST: createUpload },
  'object?uploadId': { GET: listParts, PUT: uploadPart, POST: completeUpload, DELETE: abortUpload },
};

/** Subresources of S3, known and unknown here: `PUT /bucket/key?acl` must never be taken for a PUT of the object. */
const SUBRESOURCES = new Set(
  `accelerate acl analytics attributes cors delete encryption intelligent-tiering inventory legal-hold lifecycle location
  logging metadataTable metrics notification object-lock ownershipControls policy policyStatus publicAccessBlock
  renameObject replication requestPayment restore retention select session tagging torrent uploadId uploads versionId
  versioning versions website`.split(/\s+/),
);

/** The operation a request asks for. Throws MethodNotAllowed or NotImplemented. */
export function operationOf(method: string, target: Target): Operation {
  const scope = target.key ? 'object' : target.bucket ? 'bucket' : 'service';
  const name = target.parameters.map(([parameter]) => parameter).find((parameter) => SUBRESOURCES.has(parameter));
  const methods = TABLE[name === undefined ? scope : `${scope}?${name}`];
  if (!methods) throw new BucketError('NotImplemented', `The subresource ${name} is not implemented.`);
  const operation = methods[method];
  if (operation) return operation;
  throw new BucketError('MethodNotAllowed', 'The specified method is not allowed against this resource.', {
    allow: Object.keys(methods).join(', '),
  });
}
