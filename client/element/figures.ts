import { formatBytes } from '../index.ts';

/** Numbers as one language writes them. */
export interface Figures {
  bytes(bytes: number): string;
  count(count: number): string;
  /** Of a whole number from 0 to 100. */
  percent(percentage: number): string;
  /** A length of time in seconds, coarser the longer it is. */
  time(seconds: number): string;
  /** Date and time of day, of milliseconds since the epoch. */
  moment(ms: number): string;
}

/** In the browser's own language where `language` is none. */
export function figuresIn(language: string | undefined): Figures {
  const locale = lawful(language);
  const number = (options?: Intl.NumberFormatOptions) => new Intl.NumberFormat(locale, options).format;
  const unit = (name: string) => number({ style: 'unit', unit: name, unitDisplay: 'short' });
  const [seconds, minutes, hours] = [unit('second'), unit('minute'), unit('hour')];
  const percent = number({ style: 'percent' });
  const moment = new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'short' });
  return {
    bytes: (bytes) => formatBytes(bytes, locale),
    count: number(),
    percent: (percentage) => percent(percentage / 100),
    time(left) {
      // Steps of five keep the eye calm; the last ten seconds are counted down.
      if (left <= 10) return seconds(Math.max(1, Math.ceil(left)));
      const fives = Math.ceil(left / 5) * 5;
      if (fives < 60) return seconds(fives);
      const whole = Math.ceil(left / 60);
      if (whole < 60) return minutes(whole);
      return [hours(Math.floor(whole / 60)), whole % 60 && minutes(whole % 60)].filter(Boolean).join(' ');
    },
    moment: (ms) => moment.format(ms),
  };
}

/** A page may name a language that is none. */
function lawful(language: string | undefined): string | undefined {
  try {
    return language ? Intl.getCanonicalLocales(language)[0] : undefined;
  } catch {
    return undefined;
  }
}
