import AwsS3 from '@uppy/aws-s3';
import Uppy from '@uppy/core';
import GoldenRetriever from '@uppy/golden-retriever';
import { KEPT, PART_SIZE, shouldUseMultipart, show } from '../uppy.ts';

const server = location.search.slice(1);

async function call(method: string, path: string, body?: object) {
  const answer = await fetch(server + path, {
    method,
    headers: { 'content-type': 'application/json' },
    body: body && JSON.stringify(body),
  });
  if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
  return answer.json();
}
const upload = (uploadId: string, key: string, what = '') =>
  `s3/multipart/${uploadId}${what}?key=${encodeURIComponent(key)}`;

const uppy = new Uppy()
  .use(AwsS3, {
    shouldUseMultipart,
    getChunkSize: () => PART_SIZE,
    getUploadParameters: (file) => call('GET', `s3/params?filename=${encodeURIComponent(file.name)}`),
    createMultipartUpload: (file) => call('POST', 's3/multipart', { filename: file.name, type: file.type }),
    signPart: (_, { uploadId, key, partNumber }) => call('GET', upload(uploadId, key, `/${partNumber}`)),
    listParts: (_, { uploadId, key }) => call('GET', upload(uploadId, key)),
    completeMultipartUpload: (_, { uploadId, key, parts }) =>
      call('POST', upload(uploadId, key, '/complete'), { parts }),
    abortMultipartUpload: (_, { uploadId, key }) => call('DELETE', upload(uploadId, key)),
  })
  .use(GoldenRetriever, { serviceWorker: true, indexedDB: KEPT });

globalThis.uploader = await show(uppy);
