import { injectKey } from '../api/group.ts';

/** What Bindery itself needs to start must never wait for Bindery. `webhook-config/` names the same, and our own. */
export const systemNamespaces: readonly string[] = ['kube-system', 'kube-public', 'kube-node-lease'];

/**
 * Whether workloads of the namespace are sent to the webhook: only then anybody has looked whether those who wrote them may
 * ask for services. It says what the namespaceSelectors of `webhook-config/` say.
 * @param own Bindery's own namespace
 */
export function isNamespaceServed(
  name: string,
  labels: Readonly<Record<string, string>> | undefined,
  own: string,
): boolean {
  if (name === own || systemNamespaces.includes(name)) return false;
  return labels === undefined || !Object.hasOwn(labels, injectKey) || labels[injectKey] !== 'disabled';
}
