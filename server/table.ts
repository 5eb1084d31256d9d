/** Rows of text in aligned columns, for a terminal; control characters, which could move its cursor, are not passed on. */
export function tableOf(heading: string[], rows: string[][]): string {
  const cells = [heading, ...rows].map((row) => row.map((cell) => cell.replace(/\p{C}/gu, '\ufffd')));
  const widths = heading.map((_, column) => Math.max(...cells.map((row) => [...row[column]!].length)));
  const padded = (cell: string, column: number) => cell + ' '.repeat(widths[column]! - [...cell].length);
  return cells.map((row) => row.map(padded).join('  ').trimEnd()).join('\n');
}
