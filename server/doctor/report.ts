import { type Finding, json } from './finding.ts';

/** What was checked, and what was found there. */
export interface Section {
  about: string;
  findings: Finding[];
}

export function tally(sections: Section[]): { ok: number; notes: number; faults: number } {
  const count = (level: Finding['level']) =>
    sections.flatMap(({ findings }) => findings).filter((finding) => finding.level === level).length;
  return { ok: count('ok'), notes: count('note'), faults: count('fault') };
}

/** One line for each check; the cure below what has one, the same cure but once. */
export function text(sections: Section[]): string {
  const { ok, notes, faults } = tally(sections);
  const blocks = sections.map(({ about, findings }) => {
    const cured = new Map<string, number>();
    const lines = findings.flatMap((finding) => {
      const { level, check, says, cure } = finding;
      const line = `  ${level === 'fault' ? 'FAULT' : level.padEnd(5)}  ${check.padEnd(11)} ${says}`;
      if (!cure) return [line];
      const known = JSON.stringify(cure);
      if (cured.has(known)) return [line, indented(`Cure: as above, for ${findings[cured.get(known)!]!.check}.`)];
      cured.set(known, findings.indexOf(finding));
      return [line, indented(`Cure: ${cure.todo}`), ...(cure.paste ?? []).map(pasted)];
    });
    return [about, ...lines].join('\n');
  });
  return `${[...blocks, `${ok} ok, ${counted(notes, 'note')}, ${counted(faults, 'fault')}`].join('\n\n')}\n`;
}

const counted = (count: number, what: string): string => `${count} ${what}${count === 1 ? '' : 's'}`;

const pasted = ({ where, text }: { where: string; text: string }): string =>
  `${indented(`Paste into ${where}:`)}\n\n${text
    .split('\n')
    .map((line) => `          ${line}`)
    .join('\n')}\n`;

const indented = (line: string): string => `         ${line}`;

/** The same for programs. */
export const machineText = (sections: Section[]): string => `${json({ ...tally(sections), sections })}\n`;
