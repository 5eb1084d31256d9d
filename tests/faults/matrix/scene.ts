/** All that one cell needs, and nothing that another has touched: lines, a server, a browser with a profile, a file. */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateBucketCommand, DeleteObjectCommand, PutBucketCorsCommand } from '@aws-sdk/client-s3';
import { type Chrome, launchChrome } from '../../browser/chrome.ts';
import type { Page } from '../../browser/page.ts';
import { type Digests, type RandomFile, randomFile } from '../../bytes.ts';
import { keysIn, objectDigests, type TestStore } from '../../store.ts';
import { type Seen, startProxy, type Proxy as Wire } from '../proxy.ts';
import type { Conditions } from './conditions.ts';
import type { Service } from './service.ts';
import type { Site } from './site.ts';
import type { Uploader } from './uploaders.ts';

let buckets = 0;

export interface Scene {
  uploader: Uploader;
  origin: string;
  file: RandomFile;
  /** Before the bucket, and before the uploader's own server. */
  wire: Wire;
  web: Wire;
  /** The one of the two that the file's bytes take. */
  line: Wire;
  bytesPerSecond: number;
  service: Service;
  chrome: Chrome;
  /** None while no tab shows it. */
  page: Page | undefined;
  /** Resolves when the page is ready. */
  open(): Promise<void>;
  reload(): Promise<void>;
  relaunch(): Promise<void>;
  /** Of every finished file, wherever this uploader leaves them. */
  finished(): Promise<Digests[]>;
  /** Takes away every file, finished or not, that lies where this uploader leaves them. */
  empty(): Promise<unknown>;
  /** Requests that carried bytes of the file. */
  sent(): Seen[];
  stop(): Promise<void>;
}

/** What Uppy's documentation asks of a bucket, which is more than ours needs. */
async function makeBucket({ s3 }: TestStore, Bucket: string, origin: string): Promise<void> {
  await s3.send(new CreateBucketCommand({ Bucket }));
  const rule = {
    AllowedOrigins: [origin],
    AllowedMethods: ['GET', 'HEAD', 'PUT', 'POST', 'DELETE'],
    AllowedHeaders: ['*'],
    ExposeHeaders: ['ETag', 'Location', 'Retry-After'],
  };
  await s3.send(new PutBucketCorsCommand({ Bucket, CORSConfiguration: { CORSRules: [rule] } }));
}

const ready = (page: Page) => page.waitFor('globalThis.uploader !== undefined', { what: 'the page to be ready' });

export async function setScene(
  uploader: Uploader,
  { fileSize, bytesPerSecond, latency, room }: Conditions,
  { store, site }: { store: TestStore; site: Site },
): Promise<Scene> {
  const folder = mkdtempSync(join(tmpdir(), 'partway-faults-'));
  const bucket = `faults-${process.pid}-${++buckets}`;
  await makeBucket(store, bucket, site.origin);
  const { hostname: host, port } = new URL(store.endpoint);
  // An unlimited line is no narrow one.
  const width = Number.isFinite(bytesPerSecond) ? { bytesPerSecond } : {};
  const wire = await startProxy({ target: { host, port: Number(port) }, latency, ...width });
  const place = { endpoint: wire.url, accessKey: store.accessKey, secretKey: store.secretKey, bucket };
  const service = await uploader.start({ bucket: place, folder, origin: site.origin });
  const web = await startProxy({
    target: { host: '127.0.0.1', port: service.port },
    latency,
    ...(uploader.serverKeeps && width),
  });
  const file = await randomFile(join(folder, 'holiday film.bin'), fileSize);
  const profile = join(folder, 'profile');
  const line = uploader.serverKeeps ? web : wire;
  const url = site.pageOf(uploader.id, `http://localhost:${web.port}/`);

  const scene: Scene = {
    uploader,
    origin: site.origin,
    file,
    wire,
    web,
    line,
    bytesPerSecond,
    service,
    chrome: await launchChrome({ profile }),
    page: undefined,
    async open() {
      const page = await scene.chrome.open('about:blank');
      // Later is too late: IndexedDB remembers for a while how much room there was.
      if (room) await page.send('Storage.overrideQuotaForOrigin', { origin: site.origin, quotaSize: room });
      await page.goto(url);
      await ready(page);
      scene.page = page;
    },
    async reload() {
      await scene.page!.reload();
      await ready(scene.page!);
    },
    async relaunch() {
      scene.chrome = await launchChrome({ profile });
    },
    finished: async () =>
      service.files?.() ?? Promise.all((await keysIn(store, bucket)).map((key) => objectDigests(store, bucket, key))),
    async empty() {
      await service.empty?.();
      await Promise.all(
        (await keysIn(store, bucket)).map((Key) => store.s3.send(new DeleteObjectCommand({ Bucket: bucket, Key }))),
      );
    },
    sent: () => line.requests.filter(({ method }) => method === 'PUT' || method === 'PATCH'),
    async stop() {
      await scene.chrome.close();
      await service.stop();
      await Promise.all([wire.stop(), web.stop()]);
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
  return scene;
}
