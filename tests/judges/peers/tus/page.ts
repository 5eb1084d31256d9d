import { Upload } from 'tus-js-client';
import type { Situation } from '../../../faults/matrix/page.ts';

let situation: Situation = 'asks for the file';
let upload: Upload;

/** As its README shows. The chunk size stays unlimited: "do not set it unless you are forced to". */
function begin(file: File, onSuccess: () => void, onError: (error: Error) => void): Upload {
  const begun = new Upload(file, {
    endpoint: `${location.search.slice(1)}files`,
    retryDelays: [0, 3000, 5000, 10000, 20000],
    metadata: { filename: file.name, filetype: file.type },
    onError,
    onSuccess,
  });
  begun.findPreviousUploads().then(([previous]) => {
    if (previous) begun.resumeFromPreviousUpload(previous);
    begun.start();
  });
  return begun;
}

globalThis.uploader = {
  pick(file) {
    situation = 'going';
    upload = begin(
      file,
      () => {
        situation = 'done';
      },
      () => {
        situation = 'asks for a click';
      },
    );
  },
  press() {
    situation = 'going';
    upload.start();
  },
  situation: () => situation,
  send: (files) => Promise.all(files.map((file) => new Promise<void>((done, failed) => begin(file, done, failed)))),
};
