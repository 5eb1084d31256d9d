import { GENERIC, type Profile } from './profile.ts';

/** Apart from the client's bundle, which guesses by `GENERIC` alone. */
export const PROFILES: Record<Profile['name'], Profile> = {
  S3: { ...GENERIC, name: 'S3', equalParts: false },
  R2: { ...GENERIC, name: 'R2', largestObject: Math.floor(4.995 * 2 ** 40), sessionSeconds: 6.5 * 86_400 },
  generic: GENERIC,
};
