import { readdir, readFile } from 'node:fs/promises';

/**
 * The YAML documents below deploy/ and webhook-config/ that `bindery install` applies, in that order. The bundle
 * carries them inside: its build replaces this module by one with the same export.
 */
export async function readManifests(): Promise<readonly string[]> {
  const root = new URL('../../', import.meta.url);
  const texts: string[] = [];
  for (const folder of manifestFolders) {
    const names = await readdir(new URL(folder, root));
    for (const name of names.filter((entry) => entry.endsWith('.yaml')).sort()) {
      texts.push(await readFile(new URL(`${folder}${name}`, root), 'utf8'));
    }
  }
  return texts;
}

/** Relative to the project's root. */
const manifestFolders: readonly string[] = ['deploy/crds/', 'deploy/rbac/', 'webhook-config/'];
