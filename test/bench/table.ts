import type { Measure } from './measure.ts';

const headings = ['measure', 'value', 'unit', 'reference', 'ratio'] as const;

/** Columns as wide as they must be: names to the left, numbers to the right. */
export function table(measures: readonly Measure[]): string {
  const rows = [headings, ...measures.map(cells)];
  const widths = headings.map((_heading, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[]): string =>
    row
      .map((cell, column) => {
        const width = widths[column] ?? 0;
        return column === 0 || column === 2 ? cell.padEnd(width) : cell.padStart(width);
      })
      .join('  ')
      .trimEnd();
  return [
    line(headings),
    widths.map((width) => '─'.repeat(width)).join('  '),
    ...rows.slice(1).map(line),
  ].join('\n');
}

function cells(item: Measure): readonly string[] {
  const number = (value: number | null): string => (value === null ? '–' : value.toLocaleString('en'));
  return [item.measure, number(item.value), item.unit, number(item.reference), number(item.ratio)];
}
