import { jsonChecksum } from '../../../src/base/hash.ts';
import type { Behaviour } from '../../support/test-broker/behaviour.ts';
import type { ServiceWorld } from '../../support/world/service-world.ts';
import { askBroker, condition, plans, properties, type Plan, type Scope } from './old-catalog.ts';

/** A state in which Service Catalog 0.3 may have left an instance, and what is due. */
export interface OldInstance {
  /** What stands in its spec. @default small */
  readonly plan?: Plan;
  readonly spec?: object;
  readonly status: (scope: Scope) => object;
  readonly isDeleted?: boolean;
  readonly isUnlabelled?: boolean;
  /** What 0.3 had asked the broker already. */
  readonly asked?: (world: ServiceWorld, id: string) => Promise<void>;
  /** What the broker is asked, and nothing else. */
  readonly calls: readonly string[];
  readonly becomes: 'ready' | 'failed' | 'gone';
  /** The id at the broker is another one than before. */
  readonly isAnew?: boolean;
  /** Of the last call. */
  readonly query?: Readonly<Record<string, string>>;
  /** What is left at the broker under the id of before. @default true when it becomes ready */
  readonly isLeft?: boolean;
}

const longAgo = '2024-01-01T00:00:00Z';
const operation = 'task-1';
const accepted: Behaviour = { kind: 'async', polls: 0, operation };
const ready = (status: string, reason: string): object => condition('Ready', status, reason);
const failed = (reason: string): object => condition('Failed', 'True', reason);
const mitigating = condition('OrphanMitigation', 'True', 'ErrorCallingProvision');

const none = { asyncOpInProgress: false, orphanMitigationInProgress: false, currentOperation: '' };
const unmade = { ...none, provisionStatus: 'NotProvisioned', reconciledGeneration: 0, observedGeneration: 1 };
const sent = {
  ...unmade,
  currentOperation: 'Provision',
  operationStartTime: longAgo,
  deprovisionStatus: 'Required',
};
const made = {
  ...none,
  provisionStatus: 'Provisioned',
  deprovisionStatus: 'Required',
  reconciledGeneration: 1,
  observedGeneration: 1,
};
const parameters = { size: 3, name: '<a&b>' };
const recorded = { parameters, parameterChecksum: jsonChecksum(parameters) };

const provision = async (world: ServiceWorld, id: string): Promise<void> => askBroker(world, 'PUT', id);
const provisionSlowly = async (world: ServiceWorld, id: string): Promise<void> =>
  askBroker(world, 'PUT', id, { behaviour: accepted });
const deprovisionSlowly = async (world: ServiceWorld, id: string): Promise<void> => {
  await provision(world, id);
  await askBroker(world, 'DELETE', id, { behaviour: accepted });
};
const provisionWithParameters = async (world: ServiceWorld, id: string): Promise<void> =>
  askBroker(world, 'PUT', id, { body: { parameters } });

const settled = (scope: Scope): object => ({
  ...made,
  conditions: [ready('True', 'ProvisionedSuccessfully')],
  externalProperties: properties(scope, 'small'),
});
const inFlight = (scope: Scope): object => ({
  ...sent,
  conditions: [ready('False', 'ProvisionRequestInFlight')],
  inProgressProperties: properties(scope, 'small'),
});
const polled = (scope: Scope): object => ({
  ...sent,
  asyncOpInProgress: true,
  lastOperation: operation,
  conditions: [ready('False', 'Provisioning')],
  inProgressProperties: properties(scope, 'small'),
});
const cleaning = (scope: Scope): object => ({
  ...sent,
  operationStartTime: null,
  orphanMitigationInProgress: true,
  conditions: [ready('False', 'StartingInstanceOrphanMitigation'), mitigating],
  inProgressProperties: properties(scope, 'small'),
});
/** A clean refusal that 0.3 tried again for ever: what was asked for stays on record, and there is nothing to delete. */
const refusedForNow = (scope: Scope): object => ({
  ...inFlight(scope),
  deprovisionStatus: 'NotRequired',
  conditions: [ready('False', 'ProvisionCallFailed')],
});
const refused = (): object => ({
  ...unmade,
  deprovisionStatus: 'NotRequired',
  conditions: [ready('False', 'ProvisionCallFailed'), failed('ClusterServiceBrokerReturnedFailure')],
});
/** After seven days of DELETEs; nothing is on record any more. */
const cleaningGivenUp = (): object => ({
  ...unmade,
  deprovisionStatus: 'Failed',
  conditions: [
    ready('Unknown', 'OrphanMitigationFailed'),
    failed('ErrorReconciliationRetryTimeout'),
    mitigating,
  ],
});
const updating = (scope: Scope): object => ({
  ...made,
  reconciledGeneration: 1,
  currentOperation: 'Update',
  operationStartTime: longAgo,
  conditions: [ready('False', 'UpdateInstanceRequestInFlight')],
  externalProperties: properties(scope, 'small'),
  inProgressProperties: properties(scope, 'large'),
});
const deprovisioning = (scope: Scope): object => ({
  ...made,
  currentOperation: 'Deprovision',
  operationStartTime: longAgo,
  observedGeneration: 2,
  conditions: [ready('False', 'DeprovisionRequestInFlight')],
  externalProperties: properties(scope, 'small'),
});

const deletion = { service_id: 'b2a3a9d6-0000-4000-8000-00000000db09', plan_id: plans.small };

export const living: Readonly<Record<string, OldInstance>> = {
  'whose PUT may not have arrived': { status: inFlight, calls: ['provision 201'], becomes: 'ready' },
  'whose PUT has been carried out': {
    status: inFlight,
    asked: provision,
    calls: ['provision 200'],
    becomes: 'ready',
  },
  'that the broker is making': {
    status: polled,
    asked: provisionSlowly,
    calls: ['pollInstance 200'],
    query: { operation, ...deletion },
    becomes: 'ready',
  },
  'whose PUT was refused for now': { status: refusedForNow, calls: ['provision 201'], becomes: 'ready' },
  'whose id is of a stranger': {
    status: refusedForNow,
    asked: provisionWithParameters,
    calls: ['provision 409'],
    becomes: 'failed',
    isLeft: true,
  },
  'that is being cleaned up': {
    status: cleaning,
    asked: provision,
    calls: ['deprovision 200', 'provision 201'],
    becomes: 'ready',
    isAnew: true,
  },
  'that the broker is cleaning up': {
    status: (scope) => ({ ...cleaning(scope), asyncOpInProgress: true, lastOperation: operation }),
    asked: deprovisionSlowly,
    calls: ['pollInstance 200', 'provision 201'],
    becomes: 'ready',
    isAnew: true,
  },
  'that has failed and is being cleaned up': {
    status: (scope) => ({
      ...cleaning(scope),
      conditions: [ready('False', 'ProvisionCallFailed'), failed('ProvisionCallFailed'), mitigating],
    }),
    asked: provision,
    calls: ['deprovision 200'],
    becomes: 'failed',
    // For a spec that is to come.
    isAnew: true,
  },
  'whose clean-up was given up': {
    status: cleaningGivenUp,
    asked: provision,
    calls: [],
    becomes: 'failed',
    isLeft: true,
  },
  'that was refused': { status: refused, calls: [], becomes: 'failed' },
  'that is ready': { status: settled, asked: provision, calls: [], becomes: 'ready' },
  'that is ready, without labels': {
    status: settled,
    isUnlabelled: true,
    asked: provision,
    calls: [],
    becomes: 'ready',
  },
  'that is ready, with parameters, and was updated by hand': {
    spec: { parameters, updateRequests: 3 },
    status: (scope) => ({ ...settled(scope), externalProperties: properties(scope, 'small', recorded) }),
    asked: provisionWithParameters,
    calls: [],
    becomes: 'ready',
  },
  // Made anew by the migration of 0.2: the status counts further than the object.
  'that is ready, of a generation that is to come': {
    spec: { parameters, updateRequests: 3 },
    status: (scope) => ({
      ...settled(scope),
      reconciledGeneration: 7,
      observedGeneration: 7,
      externalProperties: properties(scope, 'small', recorded),
    }),
    asked: provisionWithParameters,
    calls: [],
    becomes: 'ready',
  },
  'that is ready, and was changed meanwhile': {
    plan: 'large',
    status: (scope) => ({ ...settled(scope), reconciledGeneration: 0, observedGeneration: 0 }),
    asked: provision,
    calls: ['update 200'],
    becomes: 'ready',
  },
  'whose PATCH may not have arrived': {
    plan: 'large',
    status: updating,
    asked: provision,
    calls: ['update 200'],
    becomes: 'ready',
  },
  'that the broker is changing': {
    plan: 'large',
    status: (scope) => ({
      ...updating(scope),
      asyncOpInProgress: true,
      lastOperation: operation,
      conditions: [ready('False', 'UpdatingInstance')],
    }),
    asked: async (world, id) => {
      await provision(world, id);
      await askBroker(world, 'PATCH', id, { body: { plan_id: plans.large }, behaviour: accepted });
    },
    calls: ['pollInstance 200'],
    // The plan of before (OSB, Polling Last Operation).
    query: { operation, ...deletion },
    becomes: 'ready',
  },
  'whose change was refused': {
    plan: 'large',
    status: (scope) => ({
      ...made,
      reconciledGeneration: 0,
      conditions: [ready('False', 'UpdateInstanceCallFailed'), failed('UpdateInstanceCallFailed')],
      externalProperties: properties(scope, 'small'),
    }),
    asked: provision,
    calls: [],
    becomes: 'failed',
    isLeft: true,
  },
};

export const dying: Readonly<Record<string, OldInstance>> = {
  'that no broker has heard of': {
    status: () => ({ ...unmade, deprovisionStatus: 'NotRequired', conditions: [] }),
    calls: [],
    becomes: 'gone',
  },
  'that has no status': { status: () => ({}), calls: [], becomes: 'gone' },
  'that was refused': { status: refused, calls: [], becomes: 'gone' },
  'whose id is of a stranger': {
    status: refusedForNow,
    asked: provisionWithParameters,
    calls: [],
    becomes: 'gone',
    isLeft: true,
  },
  'whose PUT may have been carried out': {
    status: inFlight,
    asked: provision,
    calls: ['deprovision 200'],
    query: deletion,
    becomes: 'gone',
  },
  'that the broker is making': {
    status: polled,
    asked: async (world, id) =>
      askBroker(world, 'PUT', id, { behaviour: { ...accepted, interruptible: true } as Behaviour }),
    calls: ['deprovision 200'],
    query: deletion,
    becomes: 'gone',
  },
  'that is being cleaned up': {
    status: cleaning,
    asked: provision,
    calls: ['deprovision 200'],
    query: deletion,
    becomes: 'gone',
  },
  'whose clean-up was given up': {
    status: cleaningGivenUp,
    asked: provision,
    calls: ['deprovision 200'],
    query: deletion,
    becomes: 'gone',
  },
  'that was cleaned up': {
    status: () => ({ ...refused(), deprovisionStatus: 'Succeeded' }),
    calls: [],
    becomes: 'gone',
  },
  'that was ready': {
    status: settled,
    asked: provision,
    calls: ['deprovision 200'],
    query: deletion,
    becomes: 'gone',
  },
  'whose DELETE may not have arrived': {
    status: deprovisioning,
    asked: provision,
    calls: ['deprovision 200'],
    query: deletion,
    becomes: 'gone',
  },
  'whose DELETE has been carried out': {
    status: deprovisioning,
    calls: ['deprovision 410'],
    becomes: 'gone',
  },
  'that the broker is deleting': {
    status: (scope) => ({
      ...deprovisioning(scope),
      asyncOpInProgress: true,
      lastOperation: operation,
      conditions: [ready('False', 'Deprovisioning')],
    }),
    asked: deprovisionSlowly,
    calls: ['pollInstance 200'],
    query: { operation, ...deletion },
    becomes: 'gone',
  },
  'whose deletion was given up': {
    status: (scope) => ({
      ...made,
      deprovisionStatus: 'Failed',
      observedGeneration: 2,
      conditions: [ready('Unknown', 'DeprovisionCallFailed'), failed('ErrorReconciliationRetryTimeout')],
      externalProperties: properties(scope, 'small'),
    }),
    asked: provision,
    calls: ['deprovision 200'],
    query: deletion,
    becomes: 'gone',
  },
  'whose deletion was confirmed': {
    status: () => ({
      ...unmade,
      deprovisionStatus: 'Succeeded',
      observedGeneration: 2,
      conditions: [ready('False', 'DeprovisionedSuccessfully')],
      externalProperties: null,
    }),
    calls: [],
    becomes: 'gone',
  },
};
