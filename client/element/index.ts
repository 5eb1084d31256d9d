/** `partway/element`: importing it makes `<partway-upload>` known to the page. */
import { PartwayUpload } from './element.ts';

export type { PartwayUploadEventMap } from './events.ts';
export type { Metadata } from './properties.ts';
export { english, type Words } from './words.ts';
export { PartwayUpload };

if (globalThis.customElements && !customElements.get('partway-upload'))
  customElements.define('partway-upload', PartwayUpload);
