import type { Upload } from '../upload.ts';

/** What the upload is doing, for a person. */
export function words({ state, safeToClose, error }: Pick<Upload, 'state' | 'safeToClose' | 'error'>): string {
  switch (state) {
    case 'preparing':
      return safeToClose ? 'Safe to close this tab' : (error?.message ?? 'Preparing');
    case 'uploading':
      return safeToClose ? 'Safe to close this tab' : 'Uploading';
    case 'waiting':
      return safeToClose ? 'Waiting for network. Safe to close this tab' : 'Waiting for network';
    case 'finishing':
      return 'Finishing';
    case 'done':
      return 'Done';
    case 'needs-file':
      return error?.message ?? 'Pick the file again to go on';
    case 'failed':
      return `Failed: ${error?.message ?? 'begin it anew'}`;
    case 'cancelled':
      return 'Cancelled';
  }
}
