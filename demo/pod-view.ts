import { dump } from 'js-yaml';
import type { PodObject } from '../test/support/kubelet-lite/pod-types.ts';

/** A Pod as the API server serves it. */
export interface Pod extends PodObject {
  readonly metadata: PodObject['metadata'] & { readonly deletionTimestamp?: string };
}

const group = 'servicecatalog.k8s.io/';

/** The injected parts of a Pod as YAML: what nobody wrote into the manifest. */
export function injectedParts(pod: Pod): string {
  const { metadata, spec } = pod;
  const annotations = Object.entries(metadata.annotations ?? {})
    .filter(([key]) => key.includes(group))
    .map(([key, value]) => [key, readable(value)] as const);
  const parts = {
    metadata: { name: metadata.name, annotations: Object.fromEntries(annotations) },
    spec: {
      containers: spec.containers.map(({ name, env, volumeMounts }) => ({ name, env, volumeMounts })),
      volumes: spec.volumes,
    },
  };
  return dump(parts, { lineWidth: 86, skipInvalid: true });
}

/** JSON in an annotation is one long line: shown is what it holds. */
function readable(value: string): unknown {
  try {
    return JSON.parse(value) as unknown;
  } catch {
    return value;
  }
}
