import { trimPod, type RawPod } from '../../../../src/workloads/pod.ts';
import { watchedPods, type WatchedPod } from '../../../../src/workloads/feedback/watched-pod.ts';

export const bindOf = (name: string): string => `bind.servicecatalog.k8s.io/${name}`;
const injected = 'status.servicecatalog.k8s.io/injected';

/** What the webhook notes on a Pod. */
export interface Noted {
  readonly bindings?: readonly {
    readonly name: string;
    readonly secret: string;
    readonly volume?: string;
    readonly awaits?: string;
  }[];
  readonly presets?: readonly string[];
  readonly leftOut?: readonly { readonly preset: string; readonly why: string }[];
  readonly skipped?: string;
  readonly shortened?: boolean;
}

export interface PodParts {
  readonly name?: string;
  readonly asks?: Readonly<Record<string, string>>;
  readonly note?: Noted;
  /** Secrets that its spec names. */
  readonly secrets?: readonly string[];
  readonly annotations?: Readonly<Record<string, string>>;
  /** What its container waits for. */
  readonly waiting?: { readonly reason: string; readonly message: string };
  readonly phase?: string;
  readonly isGoing?: boolean;
  readonly isBare?: boolean;
}

/** A Pod of Deployment `web`, or one that nobody made. */
export function rawPod(parts: PodParts): RawPod {
  const { name = 'web-7d9f-abcde', asks = {}, note, secrets = [], waiting, phase = 'Running' } = parts;
  const owner = { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'web-7d9f', uid: 'r', controller: true };
  return {
    metadata: {
      name,
      namespace: 'shop',
      uid: `uid-${name}`,
      resourceVersion: '1',
      creationTimestamp: '2026-01-01T00:00:00Z',
      annotations: {
        ...Object.fromEntries(Object.entries(asks).map(([key, source]) => [bindOf(key), source])),
        ...(note && { [injected]: JSON.stringify({ v: 1, bindings: [], ...note, specHash: 'x' }) }),
        ...parts.annotations,
      },
      ...(parts.isGoing === true && { deletionTimestamp: '2026-01-02T00:00:00Z' }),
      ...(parts.isBare !== true && {
        labels: { 'pod-template-hash': '7d9f' },
        ownerReferences: [owner],
      }),
    },
    spec: {
      containers: [{ name: 'main', envFrom: secrets.map((secret) => ({ secretRef: { name: secret } })) }],
    },
    status: { phase, containerStatuses: [{ state: waiting === undefined ? {} : { waiting } }] },
  };
}

export function watched(...pods: readonly PodParts[]): readonly WatchedPod[] {
  return watchedWith(() => undefined, pods);
}

/** @param writtenBy the Secrets that ServiceBindings write */
export function watchedWith(
  writtenBy: (binding: string) => string | undefined,
  pods: readonly PodParts[],
): readonly WatchedPod[] {
  return watchedPods(
    pods.map((parts) => trimPod(rawPod(parts))),
    writtenBy,
  );
}

/** The note of one that has binding `db` of Secret `creds`. */
export const withDb = {
  asks: { db: 'binding/orders' },
  note: { bindings: [{ name: 'db', secret: 'creds', volume: 'v' }] },
  secrets: ['creds'],
} as const;
