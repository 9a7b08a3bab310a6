import type { KnownNamespaces } from '../admission/real-request.ts';
import type { Store } from '../control/store.ts';
import type { KubeClient } from '../kube/client.ts';
import type { KubeObject } from '../kube/objects.ts';
import { namespaces } from '../kube/resources.ts';

/** How many namespaces are asked for at once. New ones are few; those that somebody makes up need not be told fast. */
const maxQuestions = 8;

/** The namespaces of the store, and behind it the API server, which is asked once for each that several wait for. */
export function knownNamespaces(
  store: Pick<Store<KubeObject>, 'get'>,
  client: Pick<KubeClient, 'list'> & Partial<Pick<KubeClient, 'namespaces'>>,
  signal: AbortSignal,
): KnownNamespaces {
  const asked = new Map<string, Promise<boolean>>();
  const ask = async (name: string, timeoutMs: number): Promise<boolean> => {
    // A list of one: the webhook may list namespaces, and needs no other right to them.
    const fieldSelector = `metadata.name=${name}`;
    const { items } = await client.list(namespaces, { fieldSelector, limit: 1 }, { signal, timeoutMs });
    return items.length > 0;
  };
  return {
    // Who may look up some namespaces alone takes service accounts of others at their word.
    isKnown: (name) => store.get(name) !== undefined || client.namespaces?.includes(name) === false,
    exists: async (name, timeoutMs) => {
      const same = asked.get(name);
      if (same !== undefined) return same;
      if (asked.size >= maxQuestions) return undefined;
      const answer = ask(name, timeoutMs).finally(() => asked.delete(name));
      asked.set(name, answer);
      return answer;
    },
  };
}
