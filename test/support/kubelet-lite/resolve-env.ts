import { expandVariables } from './expand-variables.ts';
import { envFieldValue } from './field-value.ts';
import type { ObjectSources } from './object-source.ts';
import type { ContainerSpec, EnvFromSource, EnvVar, KeySelector, PodObject } from './pod-types.ts';
import type { Waiting } from './resolution.ts';

export type EnvResolution =
  | {
      readonly kind: 'ready';
      readonly env: Readonly<Record<string, string>>;
      readonly notProvided: readonly string[];
    }
  | Waiting<'CreateContainerConfigError'>;

/** What became of one entry: it sets variables, is left out, or stops the container. */
type Entry =
  | { readonly kind: 'set'; readonly values: ReadonlyMap<string, string> }
  | { readonly kind: 'left-out'; readonly notProvided?: string }
  | { readonly kind: 'failed'; readonly message: string };

/**
 * The environment of a container. `envFrom` first, a later source over an earlier one; then `env` from top to
 * bottom, which wins over `envFrom` and may refer to it and to entries above. Environment variables for Services,
 * which a kubelet adds, are not made.
 */
export async function resolveEnv(
  pod: PodObject,
  container: ContainerSpec,
  sources: ObjectSources,
): Promise<EnvResolution> {
  const env = new Map<string, string>();
  const notProvided: string[] = [];
  const steps = [
    ...(container.envFrom ?? []).map((source) => () => fromSource(source, pod, sources)),
    ...(container.env ?? []).map((entry) => () => fromEntry(entry, env, pod, sources)),
  ];
  for (const step of steps) {
    const result = await step();
    switch (result.kind) {
      case 'set':
        for (const [name, value] of result.values) env.set(name, value);
        break;
      case 'left-out':
        if (result.notProvided !== undefined) notProvided.push(`${container.name}: ${result.notProvided}`);
        break;
      case 'failed':
        return { kind: 'waiting', reason: 'CreateContainerConfigError', message: result.message };
    }
  }
  return { kind: 'ready', env: Object.fromEntries(env), notProvided };
}

async function fromSource(source: EnvFromSource, pod: PodObject, sources: ObjectSources): Promise<Entry> {
  const { namespace } = pod.metadata;
  const selector = source.secretRef ?? source.configMapRef;
  if (selector === undefined) return { kind: 'left-out', notProvided: 'envFrom of an unknown source' };
  const kind = source.secretRef === undefined ? 'configmap' : 'secret';
  const found = await sources.get({ kind, namespace, name: selector.name }, false);
  if (found.kind === 'missing') {
    return selector.optional === true ? { kind: 'left-out' } : { kind: 'failed', message: found.message };
  }
  // No key is left out for its name: since Kubernetes 1.34 anything without `=` will do.
  const values = new Map<string, string>();
  for (const [key, value] of found.data) values.set(`${source.prefix ?? ''}${key}`, value.toString('utf8'));
  return { kind: 'set', values };
}

async function fromEntry(
  entry: EnvVar,
  env: ReadonlyMap<string, string>,
  pod: PodObject,
  sources: ObjectSources,
): Promise<Entry> {
  const set = (value: string): Entry => ({ kind: 'set', values: new Map([[entry.name, value]]) });
  if (entry.value !== undefined && entry.value !== '') {
    return set(expandVariables(entry.value, (name) => env.get(name)));
  }
  const from = entry.valueFrom;
  if (from === undefined) return set('');
  if (from.fieldRef !== undefined) {
    const value = envFieldValue(from.fieldRef.fieldPath, pod);
    if (value !== undefined) return set(value);
    return { kind: 'failed', message: `unsupported fieldPath: ${from.fieldRef.fieldPath}` };
  }
  if (from.secretKeyRef !== undefined) return fromKey('secret', from.secretKeyRef, set, pod, sources);
  if (from.configMapKeyRef !== undefined)
    return fromKey('configmap', from.configMapKeyRef, set, pod, sources);
  return { kind: 'left-out', notProvided: `env ${entry.name} from ${Object.keys(from).join(', ')}` };
}

async function fromKey(
  kind: 'secret' | 'configmap',
  selector: KeySelector,
  set: (value: string) => Entry,
  pod: PodObject,
  sources: ObjectSources,
): Promise<Entry> {
  const { namespace } = pod.metadata;
  const found = await sources.get({ kind, namespace, name: selector.name }, false);
  const value = found.kind === 'found' ? found.data.get(selector.key) : undefined;
  if (value !== undefined) return set(value.toString('utf8'));
  // Left out altogether: a variable of that name from envFrom stays.
  if (selector.optional === true) return { kind: 'left-out' };
  if (found.kind === 'missing') return { kind: 'failed', message: found.message };
  const word = kind === 'secret' ? 'Secret' : 'ConfigMap';
  return {
    kind: 'failed',
    message: `couldn't find key ${selector.key} in ${word} ${namespace}/${selector.name}`,
  };
}
