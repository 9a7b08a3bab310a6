import type { Behaviour } from '../../support/test-broker/behaviour.ts';
import type { ServiceWorld } from '../../support/world/service-world.ts';
import { askBroker, condition, plans, serviceId } from './old-catalog.ts';

/** A state in which Service Catalog 0.3 may have left a binding, and what is due. */
export interface OldBinding {
  readonly status: object;
  readonly isDeleted?: boolean;
  /** Its Secret is there, with the binding as its owner and no mark of ours. */
  readonly hasSecret?: boolean;
  /** What 0.3 had asked the broker already. @param path of the binding */
  readonly asked?: (world: ServiceWorld, path: string) => Promise<void>;
  /** What the broker is asked, and nothing else. */
  readonly calls: readonly string[];
  readonly becomes: 'ready' | 'failed' | 'gone';
  /** Of the last call. */
  readonly query?: Readonly<Record<string, string>>;
  /** What is left at the broker under its id. @default true when it becomes ready */
  readonly isLeft?: boolean;
}

const longAgo = '2024-01-01T00:00:00Z';
const operation = 'task-2';
const accepted: Behaviour = { kind: 'async', polls: 0, operation };
const asks = { service_id: serviceId, plan_id: plans.small };

const ready = (status: string, reason: string): object => condition('Ready', status, reason);
const failed = (reason: string): object => condition('Failed', 'True', reason);

/** 0.3 noted neither ids nor plans, and without parameters and a user there is nothing in it. */
const properties = {};
const none = {
  asyncOpInProgress: false,
  orphanMitigationInProgress: false,
  currentOperation: '',
  reconciledGeneration: 0,
  unbindStatus: 'NotRequired',
};
const sent = {
  ...none,
  currentOperation: 'Bind',
  operationStartTime: longAgo,
  unbindStatus: 'Required',
  inProgressProperties: properties,
  conditions: [ready('False', 'BindingRequestInFlight')],
};
const bound = {
  ...none,
  reconciledGeneration: 1,
  unbindStatus: 'Required',
  externalProperties: properties,
  conditions: [ready('True', 'InjectedBindResult')],
};
const refused = {
  ...none,
  conditions: [ready('False', 'BindCallFailed'), failed('ServiceBindingReturnedFailure')],
};
const cleaning = {
  ...sent,
  operationStartTime: null,
  orphanMitigationInProgress: true,
  conditions: [
    ready('False', 'ServiceBindingNeedsOrphanMitigation'),
    failed('ServiceBindingReturnedFailure'),
  ],
};
const unbinding = {
  ...bound,
  currentOperation: 'Unbind',
  operationStartTime: longAgo,
  conditions: [ready('False', 'UnbindingRequestInFlight')],
};

const bind = async (world: ServiceWorld, path: string): Promise<void> => askBroker(world, 'PUT', path);
const bindSlowly = async (world: ServiceWorld, path: string): Promise<void> =>
  askBroker(world, 'PUT', path, { behaviour: accepted });
const unbindSlowly = async (world: ServiceWorld, path: string): Promise<void> => {
  await bind(world, path);
  await askBroker(world, 'DELETE', path, { behaviour: accepted });
};

export const livingBindings: Readonly<Record<string, OldBinding>> = {
  'that waited for its instance': {
    status: { ...none, conditions: [ready('False', 'ErrorInstanceNotReady')] },
    calls: ['bind 201'],
    becomes: 'ready',
  },
  'whose PUT may not have arrived': { status: sent, calls: ['bind 201'], becomes: 'ready' },
  'whose PUT has been carried out': {
    status: sent,
    asked: bind,
    calls: ['bind 200'],
    becomes: 'ready',
  },
  'that the broker is making': {
    status: {
      ...sent,
      asyncOpInProgress: true,
      lastOperation: operation,
      conditions: [ready('False', 'Binding')],
    },
    asked: bindSlowly,
    calls: ['pollBinding 200', 'getBinding 200'],
    becomes: 'ready',
  },
  'that is ready': { status: bound, asked: bind, hasSecret: true, calls: [], becomes: 'ready' },
  'that was refused': { status: refused, calls: [], becomes: 'failed' },
  'that has failed and is being cleaned up': {
    status: cleaning,
    asked: bind,
    calls: ['unbind 200'],
    query: asks,
    becomes: 'failed',
  },
  'that the broker is cleaning up': {
    status: { ...cleaning, asyncOpInProgress: true, lastOperation: operation },
    asked: unbindSlowly,
    calls: ['pollBinding 200'],
    query: { operation, ...asks },
    becomes: 'failed',
  },
  'whose clean-up was given up': {
    status: {
      ...refused,
      unbindStatus: 'Failed',
      conditions: [ready('Unknown', 'OrphanMitigationFailed'), failed('ErrorReconciliationRetryTimeout')],
    },
    asked: bind,
    calls: [],
    becomes: 'failed',
    isLeft: true,
  },
};

export const dyingBindings: Readonly<Record<string, OldBinding>> = {
  'that no broker has heard of': { status: none, calls: [], becomes: 'gone' },
  // It could not write any status, and was stuck.
  'that has no status': { status: {}, calls: [], becomes: 'gone' },
  'that was refused': { status: refused, calls: [], becomes: 'gone' },
  'whose PUT may have been carried out': {
    status: sent,
    asked: bind,
    calls: ['unbind 200'],
    query: asks,
    becomes: 'gone',
  },
  'that was ready': {
    status: bound,
    hasSecret: true,
    asked: bind,
    calls: ['unbind 200'],
    query: asks,
    becomes: 'gone',
  },
  'whose DELETE may not have arrived': {
    status: unbinding,
    asked: bind,
    calls: ['unbind 200'],
    query: asks,
    becomes: 'gone',
  },
  'that the broker is deleting': {
    status: {
      ...unbinding,
      asyncOpInProgress: true,
      lastOperation: operation,
      conditions: [ready('False', 'Unbinding')],
    },
    asked: unbindSlowly,
    calls: ['pollBinding 200'],
    query: { operation, ...asks },
    becomes: 'gone',
  },
  'whose deletion was given up': {
    status: {
      ...bound,
      unbindStatus: 'Failed',
      conditions: [ready('Unknown', 'UnbindCallFailed'), failed('ErrorReconciliationRetryTimeout')],
    },
    asked: bind,
    calls: ['unbind 200'],
    query: asks,
    becomes: 'gone',
  },
  'whose clean-up was given up': {
    status: {
      ...refused,
      unbindStatus: 'Failed',
      conditions: [ready('Unknown', 'OrphanMitigationFailed'), failed('ErrorReconciliationRetryTimeout')],
    },
    asked: bind,
    calls: ['unbind 200'],
    query: asks,
    becomes: 'gone',
  },
  'whose deletion was confirmed': {
    status: {
      ...none,
      unbindStatus: 'Succeeded',
      externalProperties: null,
      conditions: [ready('False', 'UnboundSuccessfully')],
    },
    calls: [],
    becomes: 'gone',
  },
};
