import {
  chmod,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  readlink,
  rename,
  rm,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { basename, dirname, join, normalize } from 'node:path';
import type { FileTree, ResolvedMount } from './resolution.ts';

/** Writes what is mounted at a path, or brings it up to date as the kubelet would. */
export async function writeVolume(
  path: string,
  layout: ResolvedMount['layout'],
  files: FileTree,
): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  switch (layout) {
    case 'file':
      // A subPath is never refreshed: it was bound to the file of the moment when the container started.
      if (!(await exists(path))) await writeOne(path, files['']);
      return;
    case 'directory':
      await mkdir(path, { recursive: true });
      if ((await readdir(path)).length === 0) await writeFiles(path, files);
      return;
    case 'atomic':
      await mkdir(path, { recursive: true });
      await replaceAtomically(path, files);
  }
}

const dataLink = '..data';

/**
 * The kubelet's layout: the files are in a directory with a new name, `..data` is a symbolic link to it, and
 * each visible name is a link into `..data`. Replacing that one link shows all changes at once.
 */
async function replaceAtomically(directory: string, files: FileTree): Promise<void> {
  const link = join(directory, dataLink);
  const previous = await readlink(link).catch(() => undefined);
  if (previous !== undefined && (await holdsExactly(join(directory, previous), files))) return;
  const timestamp = new Date().toISOString().slice(0, 19).replaceAll(/[-:T]/g, '_');
  const next = await mkdtemp(join(directory, `..${timestamp}.`));
  await chmod(next, 0o755);
  await writeFiles(next, files);
  const temporaryLink = join(directory, `${dataLink}_tmp`);
  await symlink(basename(next), temporaryLink);
  await rename(temporaryLink, link);

  const visible = new Set(Object.keys(files).map((path) => normalize(path).split('/')[0] ?? ''));
  for (const name of await readdir(directory)) {
    if (!name.startsWith('..') && !visible.delete(name)) await rm(join(directory, name));
  }
  for (const name of visible) await symlink(join(dataLink, name), join(directory, name));
  if (previous !== undefined) await rm(join(directory, previous), { recursive: true, force: true });
}

async function writeFiles(directory: string, files: FileTree): Promise<void> {
  for (const [path, file] of Object.entries(files)) {
    const parts = path.split('/');
    if (path === '' || path.startsWith('/') || parts.includes('..') || parts[0]?.startsWith('..') === true) {
      throw new Error(`invalid path in a volume: ${JSON.stringify(path)}`);
    }
    await mkdir(join(directory, dirname(path)), { recursive: true });
    await writeOne(join(directory, path), file);
  }
}

async function writeOne(path: string, file: FileTree[string] | undefined): Promise<void> {
  if (file === undefined) throw new Error(`nothing to write at ${path}`);
  await writeFile(path, file.content);
  // By chmod: the mode given at creation is cut by the umask.
  await chmod(path, file.mode);
}

async function holdsExactly(directory: string, files: FileTree): Promise<boolean> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const present = entries.filter((entry) => entry.isFile());
  if (present.length !== Object.keys(files).length) return false;
  for (const [path, file] of Object.entries(files)) {
    const content = await readFile(join(directory, path)).catch(() => undefined);
    if (content === undefined || !content.equals(file.content)) return false;
  }
  return true;
}

async function exists(path: string): Promise<boolean> {
  return readFile(path).then(
    () => true,
    () => false,
  );
}
