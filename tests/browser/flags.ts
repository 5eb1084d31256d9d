/** The command line under which Chromium behaves on a server as it does on a desk. */

/** Background Sync's schedule, by the names of Chromium's field trial. */
export interface SyncTiming {
  /** Seconds from the end of the first attempt to the second; 300 in the field. */
  initialRetrySeconds: number;
  /** How much longer each further pause is; 3 in the field. */
  retryFactor: number;
  /** 3 in the field. */
  attempts: number;
  /** An event is ended some seconds after this; 180 in the field. */
  eventSeconds: number;
}

const SHORT: SyncTiming = { initialRetrySeconds: 4, retryFactor: 2, attempts: 4, eventSeconds: 15 };

function syncFlags(timing: SyncTiming): string[] {
  const params = [
    ['initial_retry_delay_sec', timing.initialRetrySeconds],
    ['retry_delay_factor', timing.retryFactor],
    ['max_sync_attempts', timing.attempts],
    ['max_sync_event_duration_sec', timing.eventSeconds],
  ];
  return [
    '--force-fieldtrials=BackgroundSync/Test',
    `--force-fieldtrial-params=BackgroundSync.Test:${params.flat().join('/')}`,
  ];
}

export function chromeFlags(profile: string, shortSync: boolean | Partial<SyncTiming>): string[] {
  return [
    '--headless=new',
    '--remote-debugging-port=0',
    `--user-data-dir=${profile}`,
    '--no-first-run',
    '--no-default-browser-check',
    '--disable-gpu',
    '--disable-quic',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
    // Suggestions below the address bar, a page that costs as much as all the rest of the browser's start.
    '--disable-features=WebUIOmniboxPopup,WebUIOmniboxAimPopup,WebUIOmniboxFullPopup',
    // Its handler leaves the browser's process tree, and would outlive a kill.
    '--disable-breakpad',
    '--password-store=basic',
    // The sandbox refuses to start as root.
    ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
    ...(shortSync ? syncFlags({ ...SHORT, ...(shortSync === true ? {} : shortSync) }) : []),
  ];
}
