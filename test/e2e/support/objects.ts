import { programsImageHere } from './prepared.ts';

/** What an ordinary container of a test runs as, good enough for Pod Security `restricted`. */
export const restricted = {
  allowPrivilegeEscalation: false,
  readOnlyRootFilesystem: true,
  runAsNonRoot: true,
  runAsUser: 1000,
  capabilities: { drop: ['ALL'] },
  seccompProfile: { type: 'RuntimeDefault' },
} as const;

export function namespace(name: string, labels: Readonly<Record<string, string>> = {}): object {
  return { apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels } };
}

export function secret(ns: string, name: string, data: Readonly<Record<string, string>>): object {
  return { apiVersion: 'v1', kind: 'Secret', metadata: { namespace: ns, name }, stringData: data };
}

/** A container whose program is that JavaScript. */
export function container(name: string, script: string, more: object = {}): object {
  return {
    name,
    image: programsImageHere(),
    imagePullPolicy: 'IfNotPresent',
    command: ['/bin/node', '--eval', script],
    securityContext: restricted,
    ...more,
  };
}

export interface PodParts {
  readonly annotations?: Readonly<Record<string, string>>;
  readonly spec: object;
}

/** Without a grace period: Node.js as process 1 does not end at SIGTERM by itself. */
function podSpec(spec: object): object {
  return { terminationGracePeriodSeconds: 0, enableServiceLinks: false, ...spec };
}

export function pod(ns: string, name: string, { annotations = {}, spec }: PodParts): object {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { namespace: ns, name, annotations },
    spec: podSpec(spec),
  };
}

/** A workload with the annotations on itself, not on its Pod template. */
export function workload(
  kind: 'Deployment' | 'StatefulSet' | 'Job',
  ns: string,
  name: string,
  { annotations = {}, spec }: PodParts,
  more: object = {},
): object {
  const labels = { app: name };
  const selected = kind === 'Job' ? {} : { selector: { matchLabels: labels } };
  return {
    apiVersion: kind === 'Job' ? 'batch/v1' : 'apps/v1',
    kind,
    metadata: { namespace: ns, name, annotations },
    spec: { ...selected, ...more, template: { metadata: { labels }, spec: podSpec(spec) } },
  };
}
