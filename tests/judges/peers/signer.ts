/**
 * `signer.ts '{"port": …}'`: a minimal server that signs for the peers which send to S3 by themselves. The routes of Uppy 5 are those of its
 * Companion, which its documentation gives for servers of one's own; Uppy 6 has one route, the bare loop two.
 */
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  ListPartsCommand,
  PutObjectCommand,
  type S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { Hono } from 'hono';
import { cors } from 'hono/cors';
import { clientFor } from '../../store.ts';

export interface SignerOptions {
  port: number;
  endpoint: string;
  accessKey: string;
  secretKey: string;
  bucket: string;
}

const PART_SIZE = 5 * 2 ** 20;
const LIFETIME = { expiresIn: 900 };

const nameFor = (filename: string) => `${crypto.randomUUID()}-${filename}`;

/** What Uppy 6 asks a signer for. */
interface Wish {
  method: 'PUT' | 'POST' | 'GET' | 'DELETE';
  key: string;
  uploadId?: string;
  partNumber?: number;
}

function commandFor(Bucket: string, { method, key: Key, uploadId: UploadId, partNumber: PartNumber }: Wish) {
  if (!UploadId) {
    if (method === 'POST') return new CreateMultipartUploadCommand({ Bucket, Key });
    return method === 'PUT' ? new PutObjectCommand({ Bucket, Key }) : new DeleteObjectCommand({ Bucket, Key });
  }
  const upload = { Bucket, Key, UploadId };
  if (method === 'PUT') return new UploadPartCommand({ ...upload, PartNumber });
  if (method === 'GET') return new ListPartsCommand(upload);
  return method === 'POST' ? new CompleteMultipartUploadCommand(upload) : new AbortMultipartUploadCommand(upload);
}

function signer(s3: S3Client, Bucket: string): Hono {
  // Each command has types of its own, the presigner takes any.
  const sign = (wish: Wish) => getSignedUrl(s3, commandFor(Bucket, wish) as PutObjectCommand, LIFETIME);
  const create = async (filename: string, type?: string) => {
    const Key = nameFor(filename);
    const { UploadId } = await s3.send(new CreateMultipartUploadCommand({ Bucket, Key, ContentType: type }));
    return { uploadId: UploadId!, key: Key };
  };
  const complete = async (UploadId: string, Key: string, Parts: { PartNumber: number; ETag: string }[]) => {
    const { Location } = await s3.send(
      new CompleteMultipartUploadCommand({ Bucket, Key, UploadId, MultipartUpload: { Parts } }),
    );
    return { location: Location };
  };
  const app = new Hono().use(cors());
  app.onError(({ message }, c) => c.json({ message }, 502));

  app.post('/s3/multipart', async (c) => {
    const { filename, type } = await c.req.json();
    return c.json(await create(filename, type));
  });
  app.get('/s3/multipart/:id', async (c) => {
    const Key = c.req.query('key');
    const { Parts = [] } = await s3.send(new ListPartsCommand({ Bucket, Key, UploadId: c.req.param('id') }));
    return c.json(Parts);
  });
  app.get('/s3/multipart/:id/:part', async (c) => {
    const [uploadId, partNumber] = [c.req.param('id'), Number(c.req.param('part'))];
    const url = await sign({ method: 'PUT', key: c.req.query('key')!, uploadId, partNumber });
    return c.json({ url, method: 'PUT', expires: LIFETIME.expiresIn });
  });
  app.post('/s3/multipart/:id/complete', async (c) => {
    const { parts } = await c.req.json();
    return c.json(await complete(c.req.param('id'), c.req.query('key')!, parts));
  });
  app.delete('/s3/multipart/:id', async (c) => {
    const Key = c.req.query('key');
    await s3.send(new AbortMultipartUploadCommand({ Bucket, Key, UploadId: c.req.param('id') }));
    return c.json({});
  });

  app.get('/s3/params', async (c) => {
    const key = nameFor(c.req.query('filename')!);
    return c.json({ url: await sign({ method: 'PUT', key }), method: 'PUT', fields: {} });
  });

  app.post('/s3/sign', async (c) => c.json({ url: await sign(await c.req.json()) }));

  app.post('/bare/create', async (c) => {
    const { filename, size } = await c.req.json();
    const upload = size > PART_SIZE ? await create(filename) : { key: nameFor(filename) };
    const numbers = Array.from({ length: Math.ceil(size / PART_SIZE) }, (_, place) => place + 1);
    const urls = await Promise.all(numbers.map((partNumber) => sign({ method: 'PUT', ...upload, partNumber })));
    return c.json({ ...upload, partSize: PART_SIZE, urls });
  });
  app.post('/bare/complete', async (c) => {
    const { uploadId, key, parts } = await c.req.json();
    return c.json(await complete(uploadId, key, parts));
  });
  return app;
}

const { port, endpoint, accessKey, secretKey, bucket } = JSON.parse(process.argv[2]!) as SignerOptions;
const { fetch } = signer(clientFor(endpoint, accessKey, secretKey), bucket);
Bun.serve({ hostname: '127.0.0.1', port, idleTimeout: 255, fetch });
console.log('ready');
