import { join } from 'node:path';
import { allKinds } from '../../../src/api/kinds.ts';
import type { ClusterAccess } from '../../cluster/cluster-access.ts';

export const root = join(import.meta.dirname, '../../..');

export interface CatalogObject {
  readonly kind: string;
  readonly metadata?: Readonly<Record<string, unknown>>;
  readonly spec?: unknown;
  readonly status?: unknown;
}

/** What the API server made of an object: the object, or why it did not take it. */
export type Answer =
  | { readonly accepted: true; readonly object: StoredObject }
  | { readonly accepted: false; readonly message: string };

export interface StoredObject {
  readonly metadata: {
    readonly name: string;
    readonly generation: number;
    readonly labels?: Readonly<Record<string, string>>;
  };
  readonly spec: Readonly<Record<string, unknown>>;
  readonly status?: Readonly<Record<string, unknown>>;
}

/** Applies deploy/crds and waits until the kinds are served. Others may do the same at the same time. */
export async function installDefinitions(cluster: ClusterAccess): Promise<void> {
  await expectDone(cluster, 'apply', '--server-side', '--force-conflicts', '-f', join(root, 'deploy/crds'));
  const names = allKinds.map(({ group, plural }) => `crd/${plural}.${group}`);
  await expectDone(cluster, 'wait', '--for=condition=Established', '--timeout=30s', ...names);
}

/** Runs kubectl and throws what it says when it does not succeed. */
export async function expectDone(cluster: ClusterAccess, ...args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await cluster.kubectl(args);
  if (code !== 0) throw new Error(`kubectl ${args.join(' ')}: ${stderr}`);
  return stdout;
}

export function manifest(object: CatalogObject, namespace: string, name = 'object'): string {
  const kind = allKinds.find((candidate) => candidate.kind === object.kind);
  if (kind === undefined) throw new Error(`unknown kind ${object.kind}`);
  return JSON.stringify({
    apiVersion: `${kind.group}/${kind.version}`,
    ...object,
    metadata: { name, ...(kind.namespaced ? { namespace } : {}), ...object.metadata },
  });
}

/** Asks the API server whether it would take the object; nothing is stored with `dryRun`. */
export async function create(
  cluster: ClusterAccess,
  object: string,
  options: readonly string[] = ['--dry-run=server'],
): Promise<Answer> {
  return toAnswer(await cluster.kubectl(['create', '-f', '-', '-o', 'json', ...options], object));
}

/** Asks the API server whether it would take a merge patch; nothing is stored. */
export async function tryPatch(
  cluster: ClusterAccess,
  target: { readonly kind: string; readonly name: string; readonly namespace: string },
  patch: unknown,
  options: readonly string[] = [],
): Promise<Answer> {
  return toAnswer(
    await cluster.kubectl([
      'patch',
      target.kind,
      target.name,
      '--namespace',
      target.namespace,
      '--type=merge',
      '--dry-run=server',
      '-o',
      'json',
      '-p',
      JSON.stringify(patch),
      ...options,
    ]),
  );
}

function toAnswer(result: {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}): Answer {
  return result.code === 0
    ? { accepted: true, object: JSON.parse(result.stdout) as StoredObject }
    : { accepted: false, message: result.stderr };
}

/** @param refusal part of the message; `undefined` when the object has to be accepted */
export function expectAnswer(answer: Answer, refusal: string | undefined): void {
  if (refusal === undefined) expect(answer).toMatchObject({ accepted: true });
  else expect(answer).toEqual({ accepted: false, message: expect.stringContaining(refusal) as string });
}
