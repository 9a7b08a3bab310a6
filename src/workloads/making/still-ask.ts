import type { KubeClient } from '../../kube/client.ts';
import type { Ask } from './wanted-services.ts';
import { trimWorkload, workloadKinds, type RawWorkload } from '../workload.ts';

/**
 * Whether the workloads ask for this plan with these parameters at this moment, whatever this process has heard. An update may
 * be what can not be undone: who has not heard of an edit must not take it back.
 * @throws KubeApiError, KubeConnectionError: nobody knows
 */
export async function stillAsk(
  client: Pick<KubeClient, 'list'>,
  asks: readonly Ask[],
  signal: AbortSignal,
): Promise<boolean> {
  for (const ask of asks) if (!(await stillAsks(client, ask, signal))) return false;
  return true;
}

async function stillAsks(
  client: Pick<KubeClient, 'list'>,
  { workload, wish }: Ask,
  signal: AbortSignal,
): Promise<boolean> {
  const resource = workloadKinds.find(({ kind }) => kind === workload.kind);
  // Of a Pod, whose annotations nobody edits to have another service.
  if (resource === undefined) return true;
  const { namespace, name } = workload.metadata;
  const one = { namespace, fieldSelector: `metadata.name=${name}` };
  const { items } = await client.list<RawWorkload>(resource, one, { signal });
  return items
    .flatMap((raw) => trimWorkload(resource.kind, raw).admitted.list)
    .some(({ login, request, parameters }) => {
      return (
        login.name === wish.login.name &&
        request?.plan === wish.request?.plan &&
        parameters === wish.parameters
      );
    });
}
