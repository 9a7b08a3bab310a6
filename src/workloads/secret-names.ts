import type { RawPodSpec } from '../injection/pod.ts';

/**
 * Where a Pod's spec names a Secret of its namespace (core/v1 PodSpec): steps to the name, `*` for each element of a list. What
 * the kubelet, a driver or the control plane reads for a Pod, and not only what its containers see: without it the Pod does not
 * start again.
 */
const containers = ['containers', 'initContainers', 'ephemeralContainers'];
const byReference = ['cephfs', 'flexVolume', 'iscsi', 'rbd', 'scaleIO', 'storageos'];
const places: readonly (readonly string[])[] = [
  ...containers.flatMap((list) => [
    [list, '*', 'env', '*', 'valueFrom', 'secretKeyRef', 'name'],
    [list, '*', 'envFrom', '*', 'secretRef', 'name'],
  ]),
  ['volumes', '*', 'secret', 'secretName'],
  ['volumes', '*', 'projected', 'sources', '*', 'secret', 'name'],
  ['volumes', '*', 'csi', 'nodePublishSecretRef', 'name'],
  ['volumes', '*', 'azureFile', 'secretName'],
  ...byReference.map((source) => ['volumes', '*', source, 'secretRef', 'name']),
  ['imagePullSecrets', '*', 'name'],
];

interface Steps {
  readonly [step: string]: Steps | true;
}

/** The table as a tree: each part of a spec is walked through once. */
const tree = places.reduce<Steps>(grown, {});

/** Names of all Secrets that the spec of a Pod, or of a Pod template, names. Each may come several times. */
export function secretNames(spec: RawPodSpec | null | undefined): readonly string[] {
  const names: string[] = [];
  collect(spec, tree, names);
  return names;
}

function grown(steps: Steps, [step, ...rest]: readonly string[]): Steps {
  if (step === undefined) return steps;
  if (rest.length === 0) return { ...steps, [step]: true };
  const below = steps[step];
  return { ...steps, [step]: grown(below === undefined || below === true ? {} : below, rest) };
}

function collect(value: unknown, steps: Steps, names: string[]): void {
  if (typeof value !== 'object' || value === null) return;
  for (const [step, below] of Object.entries(steps)) {
    if (step === '*') {
      if (Array.isArray(value) && below !== true) for (const one of value) collect(one, below, names);
      continue;
    }
    const found = (value as Readonly<Record<string, unknown>>)[step];
    if (below !== true) collect(found, below, names);
    else if (typeof found === 'string' && found !== '') names.push(found);
  }
}
