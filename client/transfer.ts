import { silenceLimit } from '../sw/stall.ts';
import type { Transfer } from '../sw/transfer.ts';

/** Of all the headers in one, as asking for one that the bucket does not expose would be noted in the console. */
const headerIn = (xhr: XMLHttpRequest) => (name: string) =>
  new RegExp(`^${name}: (.*)$`, 'im').exec(xhr.getAllResponseHeaders())?.[1];

/** By XMLHttpRequest, which tells of every byte; one that has moved none for too long is given up. */
export const transferByXhr: Transfer = ({ url, headers }, body, { signal, share, onProgress }) =>
  new Promise((resolve) => {
    const xhr = new XMLHttpRequest();
    const stop = () => xhr.abort();
    const patience = silenceLimit(share);
    let stall = setTimeout(stop, patience);
    xhr.upload.onprogress = (event) => {
      clearTimeout(stall);
      stall = setTimeout(stop, patience);
      onProgress(event.loaded);
    };
    // A dropped socket is an `abort` in Safari: only our own signal means that it was stopped.
    xhr.onloadend = () => {
      clearTimeout(stall);
      signal.removeEventListener('abort', stop);
      resolve({ status: xhr.status, header: headerIn(xhr), body: xhr.responseText });
    };
    signal.addEventListener('abort', stop);
    xhr.open('PUT', url);
    for (const [name, value] of Object.entries(headers)) xhr.setRequestHeader(name, value);
    xhr.send(body);
  });
