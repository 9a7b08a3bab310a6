import type { ServiceInstance } from '../api/generated/service-instance.ts';
import { serviceInstances } from '../api/kinds.ts';
import { JsonText } from '../base/json-text.ts';
import { isObject, parseExact, type JsonObject } from '../base/json.ts';
import { errorFields, type Logger } from '../base/logger.ts';
import { objectKey } from '../kube/objects.ts';
import { instanceKeyOf } from '../model/instance-of.ts';
import { idKey, type Stores } from '../model/stores.ts';
import type { BrokerOperations } from '../osb/broker-operations.ts';
import type { Failure, Outcome } from '../osb/outcome-types.ts';
import type { BindingAnswer, BindRequest, GetBindingRequest, InstanceAnswer } from '../osb/types.ts';
import { builtInCatalog } from './built-in-broker.ts';
import { objectParameters } from './object-parameters.ts';
import type { ParameterDeps } from './parameters.ts';

export interface UserProvidedDeps extends ParameterDeps {
  readonly stores: Pick<Stores, 'serviceInstances' | 'serviceBindings'>;
  readonly logger: Logger;
}

type Parameters = JsonObject | JsonText | undefined;

/**
 * The broker of user-provided services, in this process. It keeps nothing: what an instance says now is what its bindings
 * get, so a restart can lose nothing and there is nothing to clean up.
 */
export function userProvidedOperations(deps: UserProvidedDeps): BrokerOperations {
  return {
    catalog: async () => ({ kind: 'catalog', catalog: builtInCatalog, problems: [] }),
    provision: async ({ parameters }) => accept(parameters, 201),
    update: async ({ parameters }) => (parameters === undefined ? made(200) : accept(parameters, 200)),
    deprovision: async () => done(200, {}),
    bind: async (request, signal) => bind(deps, request, signal),
    unbind: async () => done(200, {}),
    // Nothing takes time; what a status says of an operation under way is over.
    pollInstance: async () => ({ kind: 'succeeded' }),
    pollBinding: async () => ({ kind: 'succeeded' }),
    getInstance: async () => done(200, {}),
    getBinding: async (request, signal) => show(deps, request, signal),
  };
}

function accept(parameters: Parameters, status: number): Outcome<InstanceAnswer> {
  const credentials = credentialsFrom(parameters);
  return Object.keys(credentials).length === 0 ? refused(noCredentials) : made(status);
}

const noCredentials =
  'a user-provided service needs parameters, which are the credentials of its bindings: put them into spec.parameters, or ' +
  'into a Secret that spec.parametersFrom names';

/** As Service Catalog's sample broker had them: all of them in the one object `credentials`; or they themselves. */
function credentialsFrom(parameters: Parameters): JsonObject {
  const all = parameters instanceof JsonText ? parseExact(parameters.text) : parameters;
  if (!isObject(all)) return {};
  const { credentials } = all;
  return isObject(credentials) && Object.keys(all).length === 1 ? credentials : all;
}

/** The context says where the binding is: an instance of another namespace is never meant. */
async function bind(
  deps: UserProvidedDeps,
  { instanceId, context, parameters }: BindRequest,
  signal: AbortSignal,
): Promise<Outcome<BindingAnswer>> {
  if (parameters !== undefined) {
    return refused(
      'bindings of a user-provided service take no parameters: those of its instance are the credentials',
    );
  }
  const { namespace } = context;
  const instance = instancesWithId(deps, instanceId).find((each) => each.metadata.namespace === namespace);
  return credentialsOf(deps, instance, 201, signal);
}

/** Only to a binding of that very instance: an id that was copied into another namespace shows nothing there. */
async function show(
  deps: UserProvidedDeps,
  { instanceId, bindingId }: GetBindingRequest,
  signal: AbortSignal,
): Promise<Outcome<BindingAnswer> & { readonly kind: 'done' | 'failed' }> {
  const bindings = deps.stores.serviceBindings.store.byIndex('id', idKey(bindingId));
  const instance = instancesWithId(deps, instanceId).find(({ metadata }) =>
    bindings.every((binding) => instanceKeyOf(binding) === objectKey({ metadata })),
  );
  return credentialsOf(deps, bindings.length === 0 ? undefined : instance, 200, signal);
}

function instancesWithId({ stores }: UserProvidedDeps, id: string): readonly ServiceInstance[] {
  return stores.serviceInstances.store.byIndex('id', idKey(id));
}

async function credentialsOf(
  deps: UserProvidedDeps,
  instance: ServiceInstance | undefined,
  status: number,
  signal: AbortSignal,
): Promise<Outcome<BindingAnswer> & { readonly kind: 'done' | 'failed' }> {
  if (instance === undefined) return notNow('its instance is not there');
  const defaults = instance.status?.defaultProvisionParameters;
  try {
    const found = await objectParameters(deps, serviceInstances, instance, defaults, signal);
    if (found.kind !== 'resolved') return notNow(found.message);
    const credentials = credentialsFrom(found.parameters);
    // The instance says what to do.
    if (Object.keys(credentials).length === 0) return notNow('its instance has no parameters any more');
    return done(status, { credentials, endpoints: [], warnings: [] });
  } catch (error) {
    deps.logger.info(errorFields(error), 'the parameters of a user-provided service could not be read');
    return notNow('the API server did not give what it needs');
  }
}

function made(status: number): Outcome<InstanceAnswer> {
  return done(status, {});
}

function done<T>(status: number, body: T) {
  return { kind: 'done', status, body } as const;
}

const failure = { kind: 'failed', orphanMitigation: false, sent: false, brokerLevel: false } as const;

/** Until the spec changes. */
function refused(message: string): Failure {
  return { ...failure, reason: 'Rejected', message, disposition: 'terminal' };
}

function notNow(message: string): Failure {
  return { ...failure, reason: 'ServerError', message, disposition: 'retry' };
}
