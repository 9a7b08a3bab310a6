import { readdir, readFile, readlink, stat } from 'node:fs/promises';
import { join, relative } from 'node:path';
import type { TarEntry } from './tar.ts';

/** All files and links below a directory, as they are to lie below another path of an image. */
export async function treeEntries(directory: string, at: string): Promise<readonly TarEntry[]> {
  const found = await readdir(directory, { recursive: true, withFileTypes: true });
  const entries = found
    .filter((entry) => !entry.isDirectory())
    .map(async (entry): Promise<TarEntry> => {
      const source = join(entry.parentPath, entry.name);
      const path = join(at, relative(directory, source));
      return entry.isSymbolicLink()
        ? { kind: 'link', path, target: await readlink(source) }
        : fileEntry(source, path);
    });
  return (await Promise.all(entries)).sort((left, right) => (left.path < right.path ? -1 : 1));
}

/** One file, executable for all if it is so for its owner. */
export async function fileEntry(source: string, path: string): Promise<TarEntry> {
  const [content, { mode }] = await Promise.all([readFile(source), stat(source)]);
  return { kind: 'file', path, content, mode: (mode & 0o100) === 0 ? 0o644 : 0o755 };
}
