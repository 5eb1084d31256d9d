import * as partway from '../../../client/index.ts';

/** What tests write in the page. */
Object.assign(globalThis, { partway });
