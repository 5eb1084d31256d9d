/** Part URLs by our signer and by the SDK's, in whichever runtime runs this. */

import { S3Client, UploadPartCommand } from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { presigner } from '../../server/bucket/presign.ts';
import { PROFILES } from '../../server/contract/profiles.ts';
import { alternate, processor, ratios, tell } from './rounds.ts';

const [runtime = ''] = process.argv.slice(2);
const credentials = {
  accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
  secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
};
const client = new S3Client({ region: 'us-east-1', credentials, requestChecksumCalculation: 'WHEN_REQUIRED' });
const { presignPart: sign } = presigner({
  provider: 'S3',
  endpoint: 'https://s3.us-east-1.amazonaws.com',
  region: 'us-east-1',
  bucket: 'uploads',
  accessKey: credentials.accessKeyId,
  secretKey: credentials.secretAccessKey,
  sessionToken: undefined,
  pathStyle: false,
  profile: PROFILES.S3,
});

let partNumber = 0;
const upload = {
  key: 'uploads/4Bz0nPq2r5t8w1y3A6C9E2G5J8',
  uploadId: 'VXBsb2FkIElEIGZvciBlbHZpbmcncyBtdWx0aXBhcnQgdXBsb2Fk',
};
const digest = 'XUFAKrxLKna5cZ2REBfFkg==';
const size = 8 * 2 ** 20;
const times = await alternate(
  {
    ours: () => sign(upload, { partNumber: (partNumber % 10_000) + 1, size, digest }, 900),
    sdk: () =>
      getSignedUrl(
        client,
        new UploadPartCommand({
          Bucket: 'uploads',
          Key: upload.key,
          UploadId: upload.uploadId,
          PartNumber: (partNumber++ % 10_000) + 1,
          ContentLength: size,
          ContentMD5: digest,
        }),
        { expiresIn: 900, unhoistableHeaders: new Set(['content-md5']) },
      ),
  },
  { calls: 2000, clock: processor },
);
tell(`processor time of one part URL, ${runtime}`, times.ours, 'µs', '≤ 50 on Bun');
tell(`the SDK's time over ours, ${runtime}`, ratios(times.sdk, times.ours), '');
process.exit(0);
