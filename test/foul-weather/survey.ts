import type { ServiceBinding } from '../../src/api/generated/service-binding.ts';
import type { ServiceInstance } from '../../src/api/generated/service-instance.ts';
import { serviceBindings, serviceInstances } from '../../src/api/kinds.ts';
import { isConditionTrue } from '../../src/api/conditions.ts';
import { errorMessage } from '../../src/base/logger.ts';
import type { KubeClient } from '../../src/kube/client.ts';
import type { KubeObject } from '../../src/kube/objects.ts';
import { leases } from '../../src/kube/resources.ts';
import { bindingRole, instanceNames } from '../../demo/postgres-broker/names.ts';
import type { PostgresAccess } from '../../demo/postgres-broker/postgres-server.ts';
import { sqlView } from '../../demo/sql-view.ts';
import type { Fleet } from './fleet.ts';
import { hasMark, namespace, type Harbour } from './harbour.ts';

export interface SurveyDeps {
  readonly client: KubeClient;
  readonly fleet: Fleet;
  readonly harbour: Harbour;
  readonly postgres: PostgresAccess;
  readonly signal: AbortSignal;
}

interface LeaseObject extends KubeObject {
  readonly spec?: { readonly holderIdentity?: string; readonly renewTime?: string };
}

/** Renewed every two seconds. */
const freshMs = 10_000;

/** Everything that is not as it has to be when the weather is fair again; empty when all is well. */
export async function survey(deps: SurveyDeps): Promise<readonly string[]> {
  try {
    const [{ items: instances }, { items: bindings }] = await Promise.all([
      deps.client.list<ServiceInstance>(serviceInstances, { namespace }, { signal: deps.signal }),
      deps.client.list<ServiceBinding>(serviceBindings, { namespace }, { signal: deps.signal }),
    ]);
    const found = await Promise.all([
      differencesAtBroker(deps, instances, bindings),
      unusable(deps),
      unled(deps),
      ill(deps),
    ]);
    return [...unsettled(deps, instances, bindings), ...found.flat()];
  } catch (error) {
    return [`the API server does not answer: ${errorMessage(error)}`];
  }
}

function unsettled(
  { harbour }: SurveyDeps,
  instances: readonly ServiceInstance[],
  bindings: readonly ServiceBinding[],
): readonly string[] {
  const problems: string[] = [];
  for (const object of [...instances, ...bindings]) {
    const { kind, metadata, status } = object;
    const last = status?.conditions?.at(-1);
    const isReady = isConditionTrue(status?.conditions, 'Ready') && metadata.deletionTimestamp === undefined;
    if (!isReady)
      problems.push(`${kind} ${metadata.name}: ${last?.reason ?? 'no status'}: ${last?.message ?? ''}`);
  }
  const counts = { instances: instances.length, bindings: bindings.length };
  for (const [what, count] of Object.entries(counts)) {
    const wanted = harbour.wanted.length;
    if (count !== wanted) problems.push(`there are ${count} ${what}, and ${wanted} were asked for`);
  }
  return problems;
}

/** The broker must have what the objects say, and nothing else. */
async function differencesAtBroker(
  { postgres }: SurveyDeps,
  instances: readonly ServiceInstance[],
  bindings: readonly ServiceBinding[],
): Promise<readonly string[]> {
  const ids = new Map(instances.map((instance) => [instance.metadata.name, idOf(instance)]));
  const names = [...ids.values()].map(instanceNames);
  const logins = bindings.map(({ spec, status }) => {
    return bindingRole(ids.get(spec.instanceRef.name) ?? '', status?.bindingID ?? spec.externalID ?? '');
  });
  const view = await sqlView(postgres);
  return [
    ...differences(
      'database',
      names.map(({ database }) => database),
      view.databases,
    ),
    ...differences('role', [...names.map(({ owner }) => owner), ...logins], view.roles),
  ];
}

function differences(what: string, wanted: readonly string[], actual: readonly string[]): readonly string[] {
  const there = new Set(actual);
  const meant = new Set(wanted);
  return [
    ...wanted.filter((name) => !there.has(name)).map((name) => `${what} ${name} is missing at the broker`),
    ...actual.filter((name) => !meant.has(name)).map((name) => `${what} ${name} has leaked at the broker`),
  ];
}

async function unusable({ harbour }: SurveyDeps): Promise<readonly string[]> {
  const problems = harbour.wanted.map(async (order) => {
    try {
      const secret = await harbour.secretOf(order);
      if (secret === undefined) return `${order.name} has no credentials`;
      const { mark } = order;
      const isThere = await harbour.open(
        secret,
        async (database) => mark === undefined || hasMark(database, mark),
      );
      return isThere ? undefined : `${order.name}: its row is gone`;
    } catch (error) {
      return `${order.name}: ${errorMessage(error)}`;
    }
  });
  return (await Promise.all(problems)).filter((problem) => problem !== undefined);
}

async function unled({ client, fleet, signal }: SurveyDeps): Promise<readonly string[]> {
  const leaders = await fleet.leaders();
  const names = leaders.map(({ name }) => name).join(', ');
  const ref = { namespace: 'bindery-system', name: 'bindery-controller' };
  const lease = await client.get<LeaseObject>(leases, ref, { signal });
  const ageMs = Date.now() - Date.parse(lease.spec?.renewTime ?? '');
  return [
    ...(leaders.length === 1 ? [] : [`${leaders.length} replicas lead: ${names || 'none'}`]),
    ...(ageMs <= freshMs ? [] : [`the Lease was renewed ${Math.round(ageMs / 1000)} s ago`]),
  ];
}

/** With the weather fair, both probes of every replica have to say ok. */
async function ill({ fleet }: SurveyDeps): Promise<readonly string[]> {
  const asked = fleet.replicas.flatMap(({ name, process }) =>
    ['livez', 'readyz'].map(async (probe) => {
      const answer = await fetch(`${process.adminUrl}/${probe}`, { signal: AbortSignal.timeout(5_000) });
      const text = await answer.text();
      return answer.ok ? undefined : `/${probe} of ${name}: ${text.trim().replaceAll('\n', ', ')}`;
    }),
  );
  const answers = await Promise.allSettled(asked);
  return answers.flatMap((answer) =>
    answer.status === 'rejected' ? [`a probe failed: ${errorMessage(answer.reason)}`] : (answer.value ?? []),
  );
}

function idOf({ spec, status }: ServiceInstance): string {
  return status?.instanceID ?? spec.externalID ?? '';
}
