/**
 * A signing server as Uppy's documentation has it for `signPart`: one URL for each request, nothing kept. Prints its
 * port; runs in whichever runtime runs this.
 */
import { S3Client, UploadPartCommand } from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { Hono } from 'hono';
import { listen } from '../../server/http/runtime.ts';

const client = new S3Client({
  region: 'us-east-1',
  credentials: { accessKeyId: 'partway', secretAccessKey: 'partway-local-secret' },
  requestChecksumCalculation: 'WHEN_REQUIRED',
});
const expiresIn = 900;

const app = new Hono().get('/s3/multipart/:uploadId/:partNumber', async (context) => {
  const { uploadId, partNumber } = context.req.param();
  const key = context.req.query('key');
  const number = Number(partNumber);
  if (!Number.isInteger(number) || number < 1 || number > 10_000)
    return context.json({ error: 's3: the part number must be an integer between 1 and 10000.' }, 400);
  if (!key) return context.json({ error: 's3: the object key must be passed as a query parameter.' }, 400);
  const command = new UploadPartCommand({ Bucket: 'uploads', Key: key, UploadId: uploadId, PartNumber: number });
  return context.json({ url: await getSignedUrl(client, command, { expiresIn }), expires: expiresIn });
});

const { port } = await listen({ fetch: (request) => app.fetch(request), hostname: '127.0.0.1', port: 0 });
console.log(port);
