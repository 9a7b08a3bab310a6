import { bindingSecretLabel, finalizer, idsAnnotation } from '../../api/group.ts';
import { allKinds, serviceBindings } from '../../api/kinds.ts';
import { inParallel } from '../../base/in-parallel.ts';
import type { KubeClient } from '../../kube/client.ts';
import { isConflict } from '../../kube/errors.ts';
import type { KubeObject } from '../../kube/objects.ts';
import {
  apiVersionOf,
  daemonSets,
  deployments,
  secrets,
  statefulSets,
  type Resource,
} from '../../kube/resources.ts';
import { objectPages } from '../export/object-pages.ts';
import { unlessNotFound } from './stop-controllers.ts';

type Client = Pick<KubeClient, 'get' | 'list' | 'patch'>;

const concurrency = 8;

/** The Secrets of bindings stay when these go: applications use them, and the bindings that come back find them. */
export async function disownSecrets(client: Client, signal: AbortSignal): Promise<number> {
  const selection = { labelSelector: `${bindingSecretLabel}=true` };
  return changeAll(client, secrets, selection, signal, ({ ownerReferences = [] }) => {
    const kept = ownerReferences.filter(
      ({ apiVersion, kind }) => apiVersion !== apiVersionOf(serviceBindings) || kind !== serviceBindings.kind,
    );
    return kept.length === ownerReferences.length ? undefined : { ownerReferences: kept };
  });
}

/** In the place of the uid of a workload: it is no uid of any. */
const takenAway = 'uninstalled';

/**
 * The record of ids on a workload counts only for one that came back, since what is gone of one that was there all the time was
 * deleted on purpose. What goes with an installation was not: so that the next one takes up the services, and makes no empty ones.
 */
export async function keepRecords(client: Client, signal: AbortSignal): Promise<void> {
  for (const kind of [deployments, statefulSets, daemonSets]) {
    await changeAll(client, kind, {}, signal, ({ uid = '', annotations }) => {
      const record = annotations?.[idsAnnotation];
      const kept = record?.replaceAll(`"${uid}/`, `"${takenAway}/`);
      return kept === record ? undefined : { annotations: { [idsAnnotation]: kept ?? '' } };
    });
  }
}

/** Takes our finalizer from every object: no broker is told when they go. */
export async function releaseObjects(client: Client, signal: AbortSignal): Promise<number> {
  let released = 0;
  for (const kind of allKinds) {
    released += await changeAll(client, kind, {}, signal, ({ finalizers = [] }) =>
      finalizers.includes(finalizer)
        ? { finalizers: finalizers.filter((each) => each !== finalizer) }
        : undefined,
    );
  }
  return released;
}

type Metadata = KubeObject['metadata'];

async function changeAll(
  client: Client,
  resource: Resource,
  selection: { readonly labelSelector?: string },
  signal: AbortSignal,
  change: (metadata: Metadata) => Partial<Metadata> | undefined,
): Promise<number> {
  let changed = 0;
  for await (const page of objectPages(client, resource, selection, signal)) {
    await inParallel(page, concurrency, async ({ metadata }) => {
      if (await changeOne(client, resource, metadata, signal, change)) changed += 1;
    });
  }
  return changed;
}

async function changeOne(
  client: Client,
  resource: Resource,
  first: Metadata,
  signal: AbortSignal,
  change: (metadata: Metadata) => Partial<Metadata> | undefined,
): Promise<boolean> {
  const { name, namespace } = first;
  const ref = namespace === undefined ? { name } : { namespace, name };
  for (let metadata: Metadata | undefined = first; metadata !== undefined;) {
    const changes = change(metadata);
    if (changes === undefined) return false;
    const { uid, resourceVersion } = metadata;
    try {
      await client.patch(
        resource,
        ref,
        { metadata: { uid, resourceVersion, ...changes } },
        { type: 'merge', signal },
      );
      return true;
    } catch (error) {
      if (!isConflict(error)) unlessNotFound(error);
      else {
        metadata = await client.get(resource, ref, { signal }).then((object) => object.metadata, gone);
        continue;
      }
    }
    return false;
  }
  return false;
}

function gone(error: unknown): undefined {
  unlessNotFound(error);
  return undefined;
}
