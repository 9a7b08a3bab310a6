import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { access, readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';

/**
 * Where built programs are kept: outside the checkout, so that `git clean` and a second checkout do not cost a
 * second build.
 */
export function cacheRoot(env: NodeJS.ProcessEnv): string {
  const own = env['BINDERY_CACHE'];
  if (own !== undefined && own !== '') return own;
  const shared = env['XDG_CACHE_HOME'];
  // The XDG specification says to ignore a relative path.
  if (shared?.startsWith('/') === true) return join(shared, 'bindery');
  return join(env['HOME'] ?? homedir(), '.cache', 'bindery');
}

/**
 * The directory for what is built from one Go module on this platform. Another go.mod, go.sum or recipe gives
 * another directory, so a version change never meets an old program.
 * @param label tells people what is in it, such as `kubernetes-v1.36.3`
 * @param recipe whatever else decides the result, such as linker flags
 */
export async function cacheDirectory(
  root: string,
  moduleDirectory: string,
  label: string,
  recipe: string,
): Promise<string> {
  const hash = createHash('sha256').update(recipe);
  for (const file of ['go.mod', 'go.sum']) {
    hash.update('\0').update(await readFile(join(moduleDirectory, file)));
  }
  return join(root, `${label}-${process.platform}-${process.arch}-${hash.digest('hex').slice(0, 12)}`);
}

export async function isExecutable(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
