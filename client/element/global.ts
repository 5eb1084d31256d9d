/** `partway/element` from npm: the page's own types know the element, too. JSR takes no entry that adds to those. */
import type { PartwayUpload } from './element.ts';
import type { PartwayUploadEventMap } from './events.ts';

export * from './index.ts';

declare global {
  interface HTMLElementTagNameMap {
    'partway-upload': PartwayUpload;
  }
  /** They bubble: whoever listens above the element is told their types too. */
  interface HTMLElementEventMap extends PartwayUploadEventMap {}
}
