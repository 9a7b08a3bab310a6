import { printable } from '../base/printable.ts';

const columns = { least: 60, most: 120, unknown: 80 } as const;

/** How wide what is printed may be. */
export function terminalColumns(): number {
  const known = process.stdout.columns ?? columns.unknown;
  return Math.min(Math.max(known, columns.least), columns.most);
}

/**
 * Text in lines of so many characters behind a head. Words that are longer than a line stand on one of their own: a path
 * that is cut can not be copied.
 */
export function wrapped(text: string, head: string, indent: string, width: number): readonly string[] {
  const lines: string[] = [];
  let line = head;
  let isBlank = true;
  for (const word of printable(text).split(' ')) {
    if (!isBlank && line.length + 1 + word.length > width) {
      lines.push(line);
      line = indent;
      isBlank = true;
    }
    line += isBlank ? word : ` ${word}`;
    isBlank = false;
  }
  return [...lines, line].map((each) => each.trimEnd());
}
