/** Seals its text for a session, or opens what another sealed: `sealer.ts seal|unseal SESSION TEXT`. Runs in every runtime. */

import { randomBytes } from 'node:crypto';
import process from 'node:process';
import { seal, unseal } from '../../server/credentials/seal.ts';

const SECRET = 'a secret that all of them share!';
const [what, session, text] = process.argv.slice(2) as [string, string, string];
console.log(
  what === 'seal'
    ? Buffer.from(seal(SECRET, session, text, randomBytes)).toString('base64')
    : (unseal([SECRET], session, Buffer.from(text, 'base64')) ?? 'shut'),
);
