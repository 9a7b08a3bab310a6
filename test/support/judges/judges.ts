import { join } from 'node:path';
import type { KubeObject } from '../../../src/kube/objects.ts';
import { outputOf, programDirectory, reasonToSkip, type ForeignProgram } from '../foreign-program.ts';

/** What others make of an object. */
export interface Judgement {
  /** Of the library that Flux and Helm decide by. */
  readonly kstatus: string;
  readonly kstatusMessage: string;
  /** Of the health check, in the interpreter that Argo CD runs it in. */
  readonly argo: string;
  readonly argoMessage: string;
  readonly error?: string;
}

const program: ForeignProgram = {
  folder: join(import.meta.dirname, 'status-judges'),
  needs: [['go', 'version']],
  build: (into) => ['go', 'build', '-trimpath', '-buildvcs=false', '-o', join(into, 'judges'), '.'],
};

/** Why nobody can be asked here; undefined where they can. */
export const reasonNotToJudge = reasonToSkip(program);

/** Builds them, which takes minutes once. */
export async function findJudges(): Promise<string> {
  return join(await programDirectory(program), 'judges');
}

/**
 * @param judges as `findJudges` gives it
 * @param lua of the health check
 */
export async function judge(
  judges: string,
  lua: string,
  objects: readonly KubeObject[],
): Promise<readonly Judgement[]> {
  const questions = JSON.stringify(objects.map((object) => ({ object, lua })));
  return JSON.parse(await outputOf(judges, [], {}, questions)) as readonly Judgement[];
}
