import type { KubectlResult } from '../../cluster/kubectl.ts';
import type { ConfigMapObject, PodReader, SecretObject } from './pod-reader.ts';

/** Reads Secrets and ConfigMaps with kubectl, for instance with the `kubectl` of a control plane. */
export function kubectlReader(kubectl: (args: readonly string[]) => Promise<KubectlResult>): PodReader {
  const get = async <T>(resource: string, namespace: string, name: string): Promise<T | undefined> => {
    // With --ignore-not-found nothing is printed for what is not there.
    const args = ['get', resource, name, '--namespace', namespace, '--ignore-not-found', '--output', 'json'];
    const { code, stdout, stderr } = await kubectl(args);
    if (code !== 0) throw new Error(`${resource} ${namespace}/${name} can not be read: ${stderr.trim()}`);
    return stdout.trim() === '' ? undefined : (JSON.parse(stdout) as T);
  };
  return {
    getSecret: (namespace, name) => get<SecretObject>('secrets', namespace, name),
    getConfigMap: (namespace, name) => get<ConfigMapObject>('configmaps', namespace, name),
  };
}
