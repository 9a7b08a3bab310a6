import { findCondition } from '../../api/conditions.ts';
import { removalAnnotation } from '../../api/group.ts';
import type { Kind } from '../../api/kinds.ts';
import type { Condition } from '../../api/generated/shared-types.ts';
import { sleep } from '../../base/abort.ts';
import type { KubeClient } from '../../kube/client.ts';
import { isNotFound } from '../../kube/errors.ts';
import { objectKey, type KubeObject } from '../../kube/objects.ts';
import { customResourceDefinitions } from '../../kube/resources.ts';
import { objectPages } from '../export/object-pages.ts';
import { unlessNotFound } from './stop-controllers.ts';

type Client = Pick<KubeClient, 'get' | 'list' | 'patch' | 'delete'>;

interface WithStatus extends KubeObject {
  readonly status?: { readonly conditions?: readonly Condition[] };
}

const pauseMs = 1_000;
/** Objects that are named when they hang. */
const maxNamed = 10;

/** Says on the definitions what their deletion means. */
export async function markRemoval(
  client: Client,
  kinds: readonly Kind[],
  meaning: 'keep' | 'deprovision',
  signal: AbortSignal,
): Promise<void> {
  const patch = { metadata: { annotations: { [removalAnnotation]: meaning } } };
  for (const kind of kinds) {
    await client
      .patch(customResourceDefinitions, refOf(kind), patch, { type: 'merge', signal })
      .catch(unlessNotFound);
  }
}

/** Begins to delete the kinds, and all objects of them. */
export async function deleteKinds(client: Client, kinds: readonly Kind[]): Promise<void> {
  for (const kind of kinds) await client.delete(customResourceDefinitions, refOf(kind)).catch(unlessNotFound);
}

/**
 * Waits until the kinds are gone, with all objects of them.
 * @param tell how many objects are left, whenever that changes
 * @throws Error that names what hangs, when the deadline is over
 */
export async function untilGone(
  client: Client,
  kinds: readonly Kind[],
  tell: (line: string) => void,
  deadline: AbortSignal,
): Promise<void> {
  let said = '';
  for (;;) {
    const left = await existing(client, kinds);
    if (left.length === 0) return;
    const { counts, named } = await remaining(client, left);
    if (counts !== '' && counts !== said) tell(`left: ${counts}`);
    said = counts;
    if (deadline.aborted) {
      throw new Error(
        `not gone yet: ${counts || left.map(({ plural }) => plural).join(', ')}. Run it again to go on.\n${named.join('\n')}`,
      );
    }
    await sleep(pauseMs, deadline);
  }
}

async function existing(client: Client, kinds: readonly Kind[]): Promise<readonly Kind[]> {
  const found = await Promise.all(
    kinds.map((kind) =>
      client.get(customResourceDefinitions, refOf(kind)).then(
        () => [kind],
        (error: unknown) => {
          if (isNotFound(error)) return [];
          throw error;
        },
      ),
    ),
  );
  return found.flat();
}

async function remaining(client: Client, kinds: readonly Kind[]) {
  const counts: string[] = [];
  const named: string[] = [];
  for (const kind of kinds) {
    let count = 0;
    for await (const page of objectPages<WithStatus>(client, kind, {}, new AbortController().signal)) {
      count += page.length;
      for (const object of page.slice(0, maxNamed - named.length))
        named.push(`${kind.kind} "${objectKey(object)}": ${whyOf(object)}`);
    }
    if (count > 0) counts.push(`${count} ${kind.plural}`);
  }
  return { counts: counts.join(', '), named };
}

function whyOf({ metadata, status }: WithStatus): string {
  const message = findCondition(status?.conditions, 'Ready')?.message;
  return message || `waits for ${(metadata.finalizers ?? []).join(', ') || 'nothing'}`;
}

function refOf({ plural, group }: Kind): { readonly name: string } {
  return { name: `${plural}.${group}` };
}
