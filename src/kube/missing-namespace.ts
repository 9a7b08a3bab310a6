import type { NamespacedLister } from './places.ts';
import { isForbidden } from './errors.ts';
import { namespaces } from './resources.ts';

const timeoutMs = 10_000;

/**
 * Whether a list of a namespace was refused because there is no such namespace: whoever has Roles alone has rights only where
 * the namespace, and the Role in it, are. Needs the right to list the Namespace of this name.
 */
export async function isMissingNamespace(
  error: unknown,
  namespace: string | undefined,
  client: NamespacedLister,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  if (namespace === undefined || client.namespaces === undefined || !isForbidden(error)) return false;
  try {
    const query = { fieldSelector: `metadata.name=${namespace}`, limit: 1 };
    return (await client.list(namespaces, query, { signal, timeoutMs })).items.length === 0;
  } catch {
    return false;
  }
}
