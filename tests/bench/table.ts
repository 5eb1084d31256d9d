/** Markdown's tables. */

const line = (cells: string[]) => `| ${cells.join(' | ')} |`;

export const headOf = (columns: string[]): string => `${line(columns)}\n|${'---|'.repeat(columns.length)}`;

export const tableOf = (columns: string[], rows: string[][]): string =>
  `${[headOf(columns), ...rows.map(line)].join('\n')}\n`;
