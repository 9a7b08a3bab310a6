import type { PodObject } from './pod-types.ts';

/**
 * The value of a downward API field that lies in the Pod's metadata; these can be used in env and in volumes.
 * `undefined`: there is no such field.
 */
export function metadataFieldValue(fieldPath: string, { metadata }: PodObject): string | undefined {
  const subscript = /^metadata\.(annotations|labels)\['(.*)'\]$/s.exec(fieldPath);
  if (subscript !== null) {
    const entries = subscript[1] === 'labels' ? metadata.labels : metadata.annotations;
    // Kubernetes gives '' for a key that is not there, not an error.
    return entries?.[subscript[2] ?? ''] ?? '';
  }
  switch (fieldPath) {
    case 'metadata.name':
      return metadata.name;
    case 'metadata.namespace':
      return metadata.namespace;
    case 'metadata.uid':
      return metadata.uid ?? '';
    case 'metadata.labels':
      return formatMap(metadata.labels ?? {});
    case 'metadata.annotations':
      return formatMap(metadata.annotations ?? {});
    default:
      return undefined;
  }
}

/**
 * The value of a downward API field in env. A Pod that no node has taken has no addresses: it runs as a local
 * process, so they are those of loopback.
 */
export function envFieldValue(fieldPath: string, pod: PodObject): string | undefined {
  switch (fieldPath) {
    case 'spec.nodeName':
      return pod.spec.nodeName ?? '';
    case 'spec.serviceAccountName':
      return pod.spec.serviceAccountName ?? '';
    case 'status.podIP':
    case 'status.podIPs':
      return pod.status?.podIP ?? '127.0.0.1';
    case 'status.hostIP':
    case 'status.hostIPs':
      return pod.status?.hostIP ?? '127.0.0.1';
    default:
      return metadataFieldValue(fieldPath, pod);
  }
}

/** One line `key="value"` per entry in the order of the keys; control characters are escaped as Go escapes them. */
function formatMap(map: Readonly<Record<string, string>>): string {
  return Object.keys(map)
    .sort()
    .map((key) => `${key}=${JSON.stringify(map[key]).replaceAll(/\\u00([0-9a-f]{2})/g, String.raw`\x$1`)}`)
    .join('\n');
}
