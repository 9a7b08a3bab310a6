import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { load } from 'js-yaml';

interface Kustomization {
  readonly resources?: readonly string[];
}

const banner = [
  '# Everything that Bindery needs in a cluster: kubectl apply --server-side -f install.yaml',
  '# Generated from deploy/kustomize/base by `npm run generate`. Do not edit.',
];

/**
 * Text of deploy/install.yaml: the files that a kustomization names, one after the other, as they are. So the base
 * may only name files and folders, and change nothing.
 */
export async function installManifest(kustomization: string): Promise<string> {
  const texts = await textsOf(kustomization);
  return `${banner.join('\n')}\n---\n${texts.map((text) => text.trim()).join('\n---\n')}\n`;
}

/** The texts of the files that a kustomization names, in its order. */
export async function textsOf(directory: string): Promise<readonly string[]> {
  const names = await readdir(directory);
  const name = names.find((candidate) => /^(kustomization\.ya?ml|Kustomization)$/.test(candidate));
  if (name === undefined) throw new Error(`${directory} has no kustomization`);
  const { resources = [], ...rest } = load(await readFile(join(directory, name), 'utf8')) as Kustomization;
  const others = Object.keys(rest).filter((key) => key !== 'apiVersion' && key !== 'kind');
  if (others.length > 0)
    throw new Error(`${directory}/${name} may have resources only, not ${others.join(', ')}`);
  const texts = await Promise.all(
    resources.map(async (resource): Promise<readonly string[]> => {
      const path = join(directory, resource);
      return resource.endsWith('.yaml') ? [await readFile(path, 'utf8')] : textsOf(path);
    }),
  );
  return texts.flat();
}
