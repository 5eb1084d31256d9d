import { Upload } from 'tus-js-client';
import type { Situation } from '../../../faults/matrix/page.ts';

let situation: Situation = 'asks for the file';
let upload: Upload;

globalThis.uploader = {
  pick(file) {
    situation = 'going';
    // As its README shows. The chunk size stays unlimited: "do not set it unless you are forced to".
    upload = new Upload(file, {
      endpoint: `${location.search.slice(1)}files`,
      retryDelays: [0, 3000, 5000, 10000, 20000],
      metadata: { filename: file.name, filetype: file.type },
      onError() {
        situation = 'asks for a click';
      },
      onSuccess() {
        situation = 'done';
      },
    });
    upload.findPreviousUploads().then(([previous]) => {
      if (previous) upload.resumeFromPreviousUpload(previous);
      upload.start();
    });
  },
  press() {
    situation = 'going';
    upload.start();
  },
  situation: () => situation,
};
