import { join } from 'node:path';
import { outputOf, programDirectory, reasonToSkip, type ForeignProgram } from '../foreign-program.ts';

const program: ForeignProgram = {
  folder: join(import.meta.dirname, 'helm'),
  needs: [['go', 'version']],
  build: (into) => {
    const small = ['-ldflags=-s -w', '-trimpath', '-buildvcs=false'];
    return ['go', 'build', ...small, '-o', join(into, 'helm'), 'helm.sh/helm/v4/cmd/helm'];
  },
};

/** Why charts can not be rendered here; undefined where they can. */
export const reasonNotToRunHelm = reasonToSkip(program);

/** The real Helm, which is built first, in minutes, once. */
export async function findHelm(): Promise<string> {
  return join(await programDirectory(program), 'helm');
}

/** What it prints. @param env where the cluster is, for what asks one */
export async function helm(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<string> {
  return outputOf(await findHelm(), args, env);
}
