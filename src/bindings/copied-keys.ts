import type { SecretTransform, ServiceBinding } from '../api/generated/service-binding.ts';
import { secretsReadByAnnotation } from '../api/group.ts';
import type { SecretObject } from '../kube/data-objects.ts';
import type { KubeClient } from '../kube/client.ts';
import { isForbidden, isNotFound } from '../kube/errors.ts';
import { secrets } from '../kube/resources.ts';
import { maxKeys, maxSizeBytes } from '../shapes/secret-key.ts';

type Data = NonNullable<SecretObject['data']>;

/** What the Secrets hold that `addKeysFrom` names, base64, and which could not be read. */
export interface Sources {
  readonly found: ReadonlyMap<string, Data>;
  /** In words. */
  readonly missing: readonly string[];
}

export const noSources: Sources = { found: new Map(), missing: [] };

/**
 * Names of Secrets in the binding's own namespace. `transformProblem` refuses all others before it is bound, and one that another
 * program has bound does not get them either.
 */
export function sourcesOf({ metadata, spec }: ServiceBinding): readonly string[] {
  const transforms = spec.secretTransforms ?? [];
  return [...new Set(transforms.flatMap((transform) => sourceIn(metadata.namespace, transform) ?? []))];
}

function sourceIn(namespace: string | undefined, { addKeysFrom }: SecretTransform): string | undefined {
  return addKeysFrom?.secretRef.namespace === namespace ? addKeysFrom?.secretRef.name : undefined;
}

/**
 * The controller may read every Secret. So it copies only where admission has said that whoever asked for it could read
 * these themselves. Undefined where it has, or nothing is copied.
 */
export function uncheckedSources(binding: ServiceBinding): string | undefined {
  if (sourcesOf(binding).length === 0 || binding.metadata.annotations?.[secretsReadByAnnotation])
    return undefined;
  return (
    'spec.secretTransforms copies keys of Secrets, and nobody has checked whether whoever asked for it may read them, since the ' +
    'webhook was not there. Create this ServiceBinding again; or set its annotation ' +
    `${secretsReadByAnnotation} to your user name, if you may read them`
  );
}

/**
 * Each read by its name. None where nobody has checked who asks.
 * @throws KubeApiError, KubeConnectionError when the API server did not say
 */
export async function readSources(
  client: Pick<KubeClient, 'get'>,
  binding: ServiceBinding,
  signal: AbortSignal,
): Promise<Sources> {
  const unchecked = uncheckedSources(binding);
  if (unchecked !== undefined) return { found: new Map(), missing: [unchecked] };
  const { namespace = '' } = binding.metadata;
  const found = new Map<string, Data>();
  const missing: string[] = [];
  for (const name of sourcesOf(binding)) {
    try {
      const { data = {} } = await client.get<SecretObject>(secrets, { namespace, name }, { signal });
      found.set(name, data);
    } catch (error) {
      if (!isNotFound(error) && !isForbidden(error)) throw error;
      const what = isNotFound(error) ? 'does not exist' : 'may not be read';
      missing.push(`Secret "${namespace}/${name}", of which spec.secretTransforms adds the keys, ${what}`);
    }
  }
  return { found, missing };
}

export interface Copied {
  /** Base64, as in the Secrets that they come from: they need not be text. */
  readonly data: Data;
  /** What was not copied, by names only. */
  readonly notes: readonly string[];
}

interface Entry {
  readonly from: string;
  readonly value: string;
}

/**
 * The keys that `addKeysFrom` adds, in the order of the transforms: of two that add the same one the later counts, and what
 * comes after renames and removes them as well. What the credentials have stays, since a broker may not say it again.
 * @param taken what the Secret holds beside them: keys, and bytes of their values
 */
export function copiedKeys(
  binding: ServiceBinding,
  { found }: Sources,
  taken: { readonly keys: ReadonlySet<string>; readonly bytes: number },
): Copied {
  const entries = transformed(binding, found);
  const notes: string[] = [];
  const data: Record<string, string> = {};
  let { bytes } = taken;
  let count = taken.keys.size;
  for (const from of found.keys()) {
    const own = [...entries].filter(([, entry]) => entry.from === from);
    const free = own.filter(([key]) => !taken.keys.has(key));
    const doubles = own.filter(([key]) => taken.keys.has(key)).map(([key]) => JSON.stringify(key));
    if (doubles.length > 0) {
      const which = `${doubles.slice(0, 10).join(', ')}${doubles.length > 10 ? ', …' : ''}`;
      notes.push(`not copied from Secret "${from}", as the Secret has them already: ${which}`);
    }
    const size = free.reduce((sum, [, { value }]) => sum + Buffer.byteLength(value, 'base64'), 0);
    if (count + free.length > maxKeys || bytes + size > maxSizeBytes) {
      notes.push(`not copied from Secret "${from}", as all together would not fit into a Secret`);
      continue;
    }
    count += free.length;
    bytes += size;
    for (const [key, { value }] of free) data[key] = value;
  }
  return { data, notes };
}

function transformed(
  { metadata, spec }: ServiceBinding,
  found: Sources['found'],
): ReadonlyMap<string, Entry> {
  const entries = new Map<string, Entry>();
  for (const transform of spec.secretTransforms ?? []) {
    const { addKey, renameKey, removeKey } = transform;
    const from = sourceIn(metadata.namespace, transform) ?? '';
    for (const [key, value] of Object.entries(found.get(from) ?? {})) entries.set(key, { from, value });
    if (addKey !== undefined) entries.delete(addKey.key);
    if (removeKey !== undefined) entries.delete(removeKey.key);
    const renamed = renameKey && entries.get(renameKey.from);
    if (renameKey === undefined || renamed === undefined) continue;
    entries.delete(renameKey.from);
    entries.set(renameKey.to, renamed);
  }
  return entries;
}
