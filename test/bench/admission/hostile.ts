import { randomUUID } from 'node:crypto';
import { HttpsConnection, type Target } from './https-connection.ts';
import { podReview, small, uidPlaceholder } from './reviews.ts';

/** Large Pods, each long in something else. */

const group = 'bind.servicecatalog.k8s.io';

interface HostilePod {
  metadata: { annotations: Record<string, string> };
  spec: { containers: { env: object[]; volumeMounts: object[] }[]; volumes: object[] };
}

type Grow = (pod: HostilePod, index: number) => void;

const kinds: Readonly<Record<string, Grow>> = {
  'annotations that resemble each other': ({ metadata }, index) => {
    const digits = String(index).padStart(5, '0');
    metadata.annotations[`${group}/${'a'.repeat(58)}${digits}`] = '';
    metadata.annotations[`env.${group}/${'b'.repeat(58)}${digits}`] = 'X=y';
  },
  'variables wanted': ({ metadata }, index) => {
    metadata.annotations[`env.${group}/db`] += `,V${index}=a`;
  },
  containers: ({ spec }, index) => {
    spec.containers.push({ name: `c${index}`, env: [], volumeMounts: [] } as never);
  },
  'variables in a container': ({ spec }, index) => {
    spec.containers[0]?.env.push({ name: `V${index}`, value: 'x' });
  },
  'mounts in a container, and as many bindings as there may be': ({ metadata, spec }, index) => {
    if (index < 30) metadata.annotations[`${group}/b${index}`] = `binding/b${index}`;
    spec.containers[0]?.volumeMounts.push({ name: `v${index}`, mountPath: `/m/${index}` });
  },
  volumes: ({ spec }, index) => {
    spec.volumes.push({ name: `v${index}`, emptyDir: {} });
  },
};

/** By what there is too much of. */
export function hostileReviews(sizeBytes: number): ReadonlyMap<string, string> {
  return new Map(Object.entries(kinds).map(([kind, grow]) => [kind, hostileReview(grow, sizeBytes)]));
}

function hostileReview(grow: Grow, sizeBytes: number): string {
  const review = JSON.parse(podReview(small)) as { request: { object: HostilePod } };
  const step = { ...structuredClone(review.request.object) };
  const before = JSON.stringify(step).length;
  for (let index = 10_000; index < 10_010; index++) grow(step, index);
  const bytesEach = (JSON.stringify(step).length - before) / 10;
  const count = Math.floor((sizeBytes - before) / bytesEach);
  for (let index = 0; index < count; index++) grow(review.request.object, index);
  return JSON.stringify(review);
}

/** Sends it so many times, one after the other, and says how often it was not even looked at. */
export async function send(target: Target, review: string, times: number): Promise<number> {
  const connection = await HttpsConnection.open(target);
  let overloaded = 0;
  try {
    for (let count = 0; count < times; count++) {
      const { status, body } = await connection.post(review.replace(uidPlaceholder, randomUUID()));
      if (status === 429) overloaded++;
      else if (status !== 200)
        throw new Error(`a hostile Pod was answered HTTP ${status} ${body.slice(0, 200)}`);
    }
    return overloaded;
  } finally {
    connection.close();
  }
}
