/** `sign` by what is stored of the upload: in one piece, or with a hole beside every part. */

import { type Rules, takeTurns } from './rounds.ts';
import type { BenchServer, Scene } from './scene.ts';
import { digest, writeSessions } from './signing.ts';

const WINDOW = 32;

/** Of uploads of as many parts as `sizes` say, each kind's turns in their order. */
export async function byHoles(server: BenchServer, scene: Scene, sizes: number[], rules: Rules<string>) {
  const kinds = {
    'sign of 32, the first half stored': (parts: number) => (n: number) => n <= parts / 2,
    'sign of 32, every second part stored': () => (n: number) => n % 2 === 1,
  };
  const rows = [];
  for (const [name, isStored] of Object.entries(kinds)) {
    const ways: Record<string, () => Promise<unknown>> = {};
    for (const size of sizes) {
      const [resumeToken] = await writeSessions(scene, scene.database.admin(), 1, size);
      const numbers = Array.from({ length: size }, (_, at) => at + 1);
      const stored = numbers.filter(isStored(size));
      await server.call('/sign', {}, { resumeToken, parts: [], stored });
      const wanted = numbers.filter((n) => !isStored(size)(n)).slice(0, WINDOW);
      const parts = wanted.map((partNumber) => ({ partNumber, digest }));
      ways[size] = () => server.call('/sign', {}, { resumeToken, parts, stored: [1] });
    }
    const turns = await takeTurns(ways, { ...rules, clock: () => server.processor() + scene.postgres() });
    rows.push({ name, turns: sizes.map((size) => turns[size]!) });
  }
  return rows;
}
