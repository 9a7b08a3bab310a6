import { mutatePod } from '../../../src/admission/mutate-pod.ts';
import type { InjectionObservation, MutatePodDeps } from '../../../src/admission/pod-case.ts';
import type { Decision } from '../../../src/admission/decision.ts';
import type { PodNote } from '../../../src/admission/pod-note.ts';
import type { AdmissionRequest } from '../../../src/admission/review.ts';
import type { JsonObject } from '../../../src/base/json.ts';
import { key } from '../injection/pods.ts';
import { recordingAuthorize, recordingLogger, request } from './requests.ts';

export const ask = { [key('bind', 'db')]: 'binding/orders', [key('env.bind', 'db')]: 'URL=uri' };
export const owner = {
  apiVersion: 'apps/v1',
  kind: 'ReplicaSet',
  name: 'web-1',
  uid: 'rs',
  controller: true,
};

export interface World {
  readonly deps: MutatePodDeps;
  readonly notes: PodNote[];
  readonly observed: InjectionObservation[];
  readonly lines: readonly string[];
  readonly authorize: ReturnType<typeof recordingAuthorize>;
}

export function world(overrides: Partial<MutatePodDeps> = {}, denied: readonly string[] = []): World {
  const notes: PodNote[] = [];
  const observed: InjectionObservation[] = [];
  const logger = recordingLogger();
  const authorize = recordingAuthorize(denied);
  const deps: MutatePodDeps = {
    bindingSecretName: (namespace, name) =>
      namespace === 'shop' && name === 'orders' ? 'orders-creds' : undefined,
    presets: () => [],
    namespaceLabels: () => ({}),
    authorize,
    excludedNamespaces: ['bindery-system'],
    schedulingGates: false,
    logger,
    note: (note) => notes.push(note),
    observe: (observation) => observed.push(observation),
    ...overrides,
  };
  return { deps, notes, observed, lines: logger.lines, authorize };
}

export function podObject(annotations: Record<string, string> | null, fields: JsonObject = {}): JsonObject {
  return {
    metadata: { generateName: 'web-1-', annotations, ownerReferences: [owner] },
    spec: { containers: [{ name: 'app' }] },
    ...fields,
  };
}

export async function decide(
  object: JsonObject | undefined,
  { deps }: World,
  fields: Partial<AdmissionRequest> = {},
): Promise<Decision> {
  return mutatePod(request({ object, ...fields }), { timeoutMs: 1000 }, deps);
}
