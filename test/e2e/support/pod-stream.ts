import { setTimeout as delay } from 'node:timers/promises';
import { KubeClient } from '../../../src/kube/client.ts';
import { loadConnection } from '../../../src/kube/credentials.ts';
import type { KubeObject } from '../../../src/kube/objects.ts';
import { pods } from '../../../src/kube/resources.ts';
import { container, pod } from './objects.ts';

export interface StreamResult {
  /** How many Pods came back from admission with their binding. */
  readonly injected: number;
  /** What the API server said about each of the others. */
  readonly refused: readonly string[];
}

const pauseMs = 20;
const injected = 'status.servicecatalog.k8s.io/injected';

/**
 * Creates annotated Pods, one after the other without a pause to speak of, while `work` is done. As dry runs: they go
 * through the whole of admission, and no container is started.
 */
export async function whilePodsAreCreated(
  kubeconfig: string,
  namespace: string,
  work: () => Promise<void>,
): Promise<StreamResult> {
  const client = new KubeClient({ connection: await loadConnection({ kubeconfig }) });
  const over = new AbortController();
  const refused: string[] = [];
  let count = 0;
  const create = async (): Promise<void> => {
    for (let number = 0; !over.signal.aborted; number++) {
      const object = pod(namespace, `stream-${number}`, {
        annotations: { 'bind.servicecatalog.k8s.io/creds': 'secret/creds' },
        spec: { containers: [container('main', '')] },
      });
      try {
        const answer = await client.create(pods, object as KubeObject, { dryRun: true });
        if (answer.metadata.annotations?.[injected] === undefined) refused.push('admitted without injection');
        else count++;
      } catch (error: unknown) {
        refused.push(String(error));
      }
      await delay(pauseMs);
    }
  };
  try {
    const creating = create();
    await work().finally(() => over.abort());
    await creating;
  } finally {
    over.abort();
    await client.close();
  }
  return { injected: count, refused };
}
