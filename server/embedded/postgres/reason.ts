/**
 * Why PostgreSQL failed, in its own words: its first complaint (those after it are consequences) with the hint that follows it, else its
 * last line.
 */
export function reason(output: string): string {
  const lines = output.split('\n').filter((line) => line.trim());
  const first = lines.findIndex((line) => /\b(FATAL|PANIC|ERROR|error):/.test(line));
  const complaint = lines.at(first) ?? 'it said nothing';
  const hint = first < 0 ? undefined : /HINT: +(.*?)\.?$/.exec(lines[first + 1] ?? '')?.[1];
  return [complaint, hint].flatMap((line) => line?.replace(STAMP, '').trim() ?? []).join('; ');
}

/** "running bootstrap script ... 2026-11-22 01:47:55.438 UTC [21958] FATAL:  …" */
const STAMP = /^.*?\d\d:\d\d:\d\d\.\d+ \S+ \[\d+\] /;
