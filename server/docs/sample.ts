import { type Call, RESUME_TOKEN } from './calls.ts';

const CREDENTIAL: Record<Call['credentials'], string | undefined> = {
  user: 'X-API-Key: $KEY',
  begin: 'X-API-Key: $KEY',
  token: undefined,
  calls: 'X-API-Key: $KEY',
  tokenHeader: 'X-Resume-Token: $TOKEN',
};

/** A call as a shell makes it, with the API's address in `$PARTWAY`, an API key in `$KEY` and the upload's token in `$TOKEN`. */
export function sampleOf({ path, body, query, credentials, example }: Call): string {
  const search = query && example ? `?${new URLSearchParams(example as Record<string, string>)}` : '';
  const credential = CREDENTIAL[credentials];
  const lines = [`curl "$PARTWAY${path}${search}"`];
  if (credential) lines.push(`-H "${credential}"`);
  if (body) lines.push(`--json '${jsonOf(example).replace(RESUME_TOKEN, `'$TOKEN'`)}'`);
  return lines.join(' \\\n  ');
}

/** In one line, with room to be broken. */
const jsonOf = (value: unknown): string => JSON.stringify(value, null, 1).replaceAll(/\n */g, ' ');
