import { createUploadClient, type Upload } from '../../../client/index.ts';

const client = createUploadClient({
  endpoint: `${location.search.slice(1)}api/v1/upload/multipart`,
  owner: 'anna',
  apiKey: 'dev',
  serviceWorker: 'sw.js',
});
let [upload]: (Upload | undefined)[] = await client.uploads();
await navigator.serviceWorker.ready;
let sent: Upload[] = [];

globalThis.uploader = {
  pick(file) {
    if (upload) void upload.attach(file);
    else upload = client.resumableUpload(file);
  },
  press: () => void upload?.retry(),
  situation() {
    if (!upload || upload.state === 'needs-file') return 'asks for the file';
    if (upload.state === 'done') return 'done';
    return upload.state === 'failed' ? 'asks for a click' : 'going';
  },
  mayClose: () => upload?.safeToClose === true,
  send(files) {
    sent = files.map((file) => client.resumableUpload(file));
    return Promise.all(sent);
  },
  safe: () => Promise.all(sent.map(({ staged }) => staged)),
  async forget() {
    const forgotten = async (known: Upload) => {
      await known;
      await known.forget();
    };
    await Promise.all((await client.uploads()).map(forgotten));
  },
};
