import AwsS3 from '@uppy/aws-s3';
import Uppy from '@uppy/core';
import GoldenRetriever from '@uppy/golden-retriever';
import { KEPT, PART_SIZE, shouldUseMultipart, show } from '../uppy.ts';

const server = location.search.slice(1);

const uppy = new Uppy()
  .use(AwsS3, {
    shouldUseMultipart,
    getChunkSize: () => PART_SIZE,
    async signRequest(request) {
      const answer = await fetch(`${server}s3/sign`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(request),
      });
      if (!answer.ok) throw new Error(`sign: ${answer.status}`);
      return answer.json();
    },
  })
  .use(GoldenRetriever, { serviceWorker: true, indexedDB: KEPT });

globalThis.uploader = await show(uppy);
