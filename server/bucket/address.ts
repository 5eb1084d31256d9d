/** Where the stores that we know by name are; without a trailing slash. */

export const amazonAt = (region: string): string =>
  `https://s3.${region}.amazonaws.com${region.startsWith('cn-') ? '.cn' : ''}`;

export const cloudflareAt = (accountId: string): string => `https://${accountId}.r2.cloudflarestorage.com`;
