import { mutateWorkload } from '../../../src/admission/mutate-workload.ts';
import type { MutateWorkloadDeps } from '../../../src/admission/workload-case.ts';
import type { Decision } from '../../../src/admission/decision.ts';
import type { AdmissionRequest } from '../../../src/admission/review.ts';
import type { JsonObject } from '../../../src/base/json.ts';
import { key } from '../injection/pods.ts';
import { noWishes } from './wish-world.ts';
import { recordingAuthorize, recordingLogger, request } from './requests.ts';

export const db = key('bind', 'db');
export const alice = { username: 'alice', uid: 'a-1', groups: ['dev'], extra: { scopes: ['x'] } };

export function deployment(
  own: Record<string, string>,
  template: Record<string, string> = {},
  spec: JsonObject = {},
): JsonObject {
  return {
    metadata: { name: 'web', namespace: 'shop', annotations: own },
    spec: {
      template: { metadata: { annotations: template }, spec: { containers: [{ name: 'app' }], ...spec } },
    },
  };
}

export interface World {
  readonly deps: MutateWorkloadDeps;
  readonly authorize: ReturnType<typeof recordingAuthorize>;
  readonly lines: readonly string[];
}

export function world(denied: readonly string[] = [], overrides: Partial<MutateWorkloadDeps> = {}): World {
  const authorize = recordingAuthorize(denied);
  const logger = recordingLogger();
  const deps: MutateWorkloadDeps = {
    bindingSecretName: (_namespace, name) => (name === 'known' ? 'known' : undefined),
    hasInstance: (_namespace, name) => name === 'known',
    namespaceLabels: () => ({}),
    offeringProblem: (className) =>
      className === 'pg' ? undefined : `class "${className}" is not in the catalog`,
    requestedSpec: () => ({}),
    wishes: noWishes,
    authorize,
    logger,
    ...overrides,
  };
  return { deps, authorize, lines: logger.lines };
}

export async function decide(
  object: JsonObject | undefined,
  { deps }: World,
  fields: Partial<AdmissionRequest> = {},
): Promise<Decision> {
  const base = { kind: 'Deployment', resource: 'deployments', name: 'web', user: alice, object };
  return mutateWorkload(request({ ...base, ...fields }), { timeoutMs: 1000 }, deps);
}
