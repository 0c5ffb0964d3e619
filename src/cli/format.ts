/** Numbers, times and tables as people read them. Pure: text in, text out. */

import { stripVTControlCharacters } from 'node:util';

export { bytesText, durationText } from '../model/amounts.ts';

/** "12,345,678" in every locale, since scripts and bug reports travel. */
export function countText(count: number): string {
  return count.toLocaleString('en-US');
}

/** "1 peer", "2 peers". */
export function plural(count: number, noun: string): string {
  return `${countText(count)} ${noun}${count === 1 ? '' : 's'}`;
}

/** "0.4", "12.5", "3,400": chunks a second. */
export function rateText(perSecond: number): string {
  return perSecond < 100 ? String(Number(perSecond.toFixed(1))) : countText(Math.round(perSecond));
}

/**
 * Text that came from elsewhere, made harmless: a stranger's program must not move the cursor or
 * rename the window. Line breaks stay.
 */
export function plain(text: string): string {
  // oxlint-disable-next-line no-control-regex
  return stripVTControlCharacters(text).replace(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/g, ' ');
}

/** At most `columns` characters, "..." at the end where some were cut. */
export function clip(text: string, columns: number): string {
  if (text.length <= columns) return text;
  return columns <= 3 ? text.slice(0, columns) : `${text.slice(0, columns - 3)}...`;
}

/** Words in lines of at most `columns` characters; a longer word is cut into pieces. */
export function wrap(text: string, columns: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(/\s+/).filter((each) => each !== '')) {
    const longer = line === '' ? word : `${line} ${word}`;
    if (longer.length <= columns) {
      line = longer;
      continue;
    }
    if (line !== '') lines.push(line);
    let rest = word;
    for (; rest.length > columns; rest = rest.slice(columns)) lines.push(rest.slice(0, columns));
    line = rest;
  }
  return line === '' ? lines : [...lines, line];
}

export type Column = {
  readonly title: string;
  readonly align?: 'right';
  /** Clipped to as few characters when the terminal is narrow. */
  readonly columnsMin?: number;
  /** Left out, the last first, when clipping isn't enough. */
  readonly expendable?: true;
};

/**
 * Aligned columns, no wider than the terminal as far as the columns allow.
 * @param rows one cell a column; control characters are removed
 */
export function table(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  width: number,
): string[] {
  const cells = [columns.map(({ title }) => title), ...rows].map((row) =>
    columns.map((_column, index) => plain(row[index] ?? '').replaceAll('\n', ' ')),
  );
  const widths = columns.map((_column, index) =>
    Math.max(...cells.map((row) => row[index]?.length ?? 0)),
  );
  const shown = shrink(columns, widths, width);
  return cells.map((row) =>
    columns
      .flatMap(({ align }, index) => {
        if (!shown.has(index)) return [];
        const cell = clip(row[index] ?? '', widths[index] ?? 0);
        return align === 'right'
          ? cell.padStart(widths[index] ?? 0)
          : cell.padEnd(widths[index] ?? 0);
      })
      .join(gap)
      .trimEnd(),
  );
}

const gap = '  ';

/** Narrows `widths` in place; returns the columns that stay. */
function shrink(columns: readonly Column[], widths: number[], width: number): Set<number> {
  const shown = new Set(columns.keys());
  const excess = (): number =>
    [...shown].reduce((sum, index) => sum + (widths[index] ?? 0) + gap.length, -gap.length) - width;
  for (const [index, { columnsMin }] of columns.entries()) {
    const present = widths[index] ?? 0;
    if (columnsMin === undefined || excess() <= 0) continue;
    widths[index] = Math.max(Math.min(columnsMin, present), present - excess());
  }
  for (const [index, { expendable }] of [...columns.entries()].reverse()) {
    if (expendable === true && excess() > 0) shown.delete(index);
  }
  return shown;
}
