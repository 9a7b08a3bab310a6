import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

const directory = join(import.meta.dirname, '..', 'rights');

/** What somebody has agreed to. */
export async function reviewedRights(role: string, namespace: string): Promise<string> {
  return comparable(await readFile(join(directory, `${role}-${namespace}.txt`), 'utf8'));
}

/** What `kubectl auth can-i --list` prints: columns are as wide as their widest cell, rows and verbs in no order. */
export function comparable(table: string): string {
  const rows = table.split('\n').map((row) =>
    row
      .trim()
      .replaceAll(/\s+/g, ' ')
      .replace(/[^[\]]+(?=\]$)/, (verbs) => verbs.split(' ').sort().join(' ')),
  );
  return rows
    .filter((row) => row !== '' && !/^(#|Resources )/.test(row))
    .sort()
    .join('\n');
}
