const UNITS = ['byte', 'kilobyte', 'megabyte', 'gigabyte', 'terabyte'];

/** `12.4 MB`, as `locale` (the browser's by default) writes it; decimal units, as phones and disks are sold by. */
export function formatBytes(bytes: number, locale?: string): string {
  // What would be rounded up to 1,000 of one unit is 1 of the next.
  const power = Math.min(UNITS.length - 1, Math.floor(Math.log10(Math.max(1, bytes) * 1.00006) / 3));
  const maximumFractionDigits = power && 1;
  return new Intl.NumberFormat(locale, { style: 'unit', unit: UNITS[power]!, maximumFractionDigits }).format(
    bytes / 1000 ** power,
  );
}

/** Seconds that `bytes` take at `bytesPerSecond`; infinite where nothing moves. */
export const estimateUploadTime = (bytes: number, bytesPerSecond: number): number => bytes && bytes / bytesPerSecond;
