import { codeIn, type Transfer } from '../sw/transfer.ts';

/** A PUT that has moved no byte for this long is given up. */
const STALL_MS = 60_000;

/** By XMLHttpRequest, which tells of every byte. */
export const transferByXhr: Transfer = ({ url, headers }, body, signal, onProgress) =>
  new Promise((resolve) => {
    const xhr = new XMLHttpRequest();
    const stop = () => xhr.abort();
    let stall = setTimeout(stop, STALL_MS);
    xhr.upload.onprogress = (event) => {
      clearTimeout(stall);
      stall = setTimeout(stop, STALL_MS);
      onProgress(event.loaded);
    };
    xhr.onloadend = () => {
      clearTimeout(stall);
      signal.removeEventListener('abort', stop);
      resolve({ status: xhr.status, code: xhr.status >= 400 ? codeIn(xhr.responseText) : undefined });
    };
    signal.addEventListener('abort', stop);
    xhr.open('PUT', url);
    for (const [name, value] of Object.entries(headers)) xhr.setRequestHeader(name, value);
    xhr.send(body);
  });
