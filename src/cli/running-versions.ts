import type { KubeClient } from '../kube/client.ts';
import type { KubeObject } from '../kube/objects.ts';
import { pods } from '../kube/resources.ts';

/** By role how many ready Pods there are of each version. */
export type RunningVersions = Readonly<Record<string, Readonly<Record<string, number>>>>;

interface Pod extends KubeObject {
  readonly spec?: { readonly containers?: readonly { readonly image?: string }[] };
  readonly status?: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
}

const unknown = 'unknown';

/**
 * What the images of the ready Pods of Bindery are tagged with; `unknown` for those without a tag. A process outside of the cluster
 * is not seen.
 * @throws KubeApiError, KubeConnectionError
 */
export async function runningVersions(
  client: Pick<KubeClient, 'list'>,
  namespace: string,
  signal: AbortSignal,
): Promise<RunningVersions> {
  const query = { namespace, labelSelector: 'app.kubernetes.io/name=bindery' };
  const running: Record<string, Record<string, number>> = {};
  for (const pod of (await client.list<Pod>(pods, query, { signal })).items) {
    if (!isReady(pod)) continue;
    const role = pod.metadata.labels?.['app.kubernetes.io/component'] ?? unknown;
    const version = tagOf(pod.spec?.containers?.[0]?.image ?? '');
    const ofRole = (running[role] ??= {});
    ofRole[version] = (ofRole[version] ?? 0) + 1;
  }
  return running;
}

function isReady({ status }: Pod): boolean {
  return (status?.conditions ?? []).some((one) => one.type === 'Ready' && one.status === 'True');
}

/** `host:5000/bindery:1.2.3@sha256:…` → `1.2.3` */
function tagOf(image: string): string {
  return /:([^:/@]+)(?:@|$)/.exec(image.replace(/@.*$/, ''))?.[1] ?? unknown;
}

/** What a person should know of these versions, and do. @param own of this program */
export function skewIn(running: RunningVersions, own: string): readonly string[] {
  const versions = new Set(Object.values(running).flatMap((ofRole) => Object.keys(ofRole)));
  versions.delete(unknown);
  if (versions.size > 1) {
    return [
      'Several versions run: an upgrade did not end. `kubectl rollout status` of both Deployments tells what it waits for.',
    ];
  }
  return versions.size === 1 && !versions.has(own)
    ? [
        'This program is of another version than what runs: take the same for `install`, `uninstall` and `export`.',
      ]
    : [];
}
