import { createUploadClient, formatBytes } from 'partway/client';
import 'partway/element';

const client = createUploadClient({
  endpoint: '/api/v1/upload/multipart',
  owner: 'alice', // who is signed in: the next person on this device sees none of these uploads
  credentials: 'same-origin', // your cookies; or `headers` for a token, or an `apiKey`
  serviceWorker: '/sw.js',
});

// The element: a button, a place to drop files, a row for each upload.
document.querySelector('partway-upload')!.client = client;

// Or an interface of your own.
const input = document.querySelector('input')!;
const output = document.querySelector('output')!;
input.addEventListener('change', async () => {
  const upload = client.resumableUpload(input.files![0]!, {
    onProgress: ({ percentage, bytesPerSecond }) => {
      output.value = `${percentage} %, ${formatBytes(bytesPerSecond)}/s`;
    },
  });
  const { url } = await upload;
  output.value = `Arrived: ${url}`;
});
