import { findCondition, removeCondition, setCondition } from '../api/conditions.ts';
import type { Condition, MaintenanceInfo } from '../api/generated/shared-types.ts';
import type { ServiceInstance } from '../api/generated/service-instance.ts';
import { timestamp } from '../control/attempts.ts';
import { goOn, type Step } from '../control/steps.ts';
import type { Offering } from '../model/resolve.ts';
import type { Stores } from '../model/stores.ts';
import { brokerText } from '../osb/broker-text.ts';
import { putStatus } from '../operations/record.ts';
import type { InstanceTask } from './instance-status.ts';
import { planWithId } from '../model/plan-at-broker.ts';
import { recordedPlan } from '../model/recorded-plan.ts';

const type = 'UpgradeAvailable';

/** Tells whoever looks at the instance that its plan has another maintenance version: one write per version. */
export async function announceUpgrade(
  task: InstanceTask,
  instance: ServiceInstance,
): Promise<Step<ServiceInstance>> {
  const { status } = instance;
  // Nothing is known about a new instance; a list of no conditions would only cost a write.
  if (status?.conditions === undefined) return goOn(instance);
  const conditions = withUpgrade(instance, task.stores, timestamp(task.clock.now()));
  return goOn(await putStatus(task, instance, { ...status, conditions }));
}

/**
 * The conditions of an instance with or without UpgradeAvailable, which is there only while true and says nothing about
 * whether the instance works. Versions are compared for equality only (OSB, Maintenance Info Object).
 */
export function withUpgrade(instance: ServiceInstance, stores: Stores, now: string): readonly Condition[] {
  const conditions = instance.status?.conditions ?? [];
  const message = upgradeMessage(instance, stores);
  if (message === undefined) return removeCondition(conditions, type);
  // The generation it was found with: it does not depend on the spec.
  const observedGeneration =
    findCondition(conditions, type)?.observedGeneration ?? instance.metadata.generation ?? 0;
  const reason = 'NewMaintenanceVersion';
  return setCondition(conditions, { type, status: 'True', reason, message, observedGeneration }, now);
}

function upgradeMessage(instance: ServiceInstance, stores: Stores): string | undefined {
  const { provisionStatus, externalProperties = {} } = instance.status ?? {};
  if (provisionStatus !== 'Provisioned') return undefined;
  const plan = planWithId(instance, recordedPlan(externalProperties) ?? '', stores);
  const version = externalProperties.maintenanceInfo?.version;
  const offered = plan && upgradeOf(plan, version);
  if (offered === undefined) return undefined;
  return (
    `Plan "${plan?.spec.externalName}" offers maintenance version ${describe(offered)}; the instance has ` +
    `${version ?? 'none that is known'}. To upgrade it, increase spec.updateRequests and change nothing else.`
  );
}

function upgradeOf({ status }: Offering['plan'], version: string | undefined): MaintenanceInfo | undefined {
  const offered = status?.maintenanceInfo;
  return offered?.version && offered.version !== version ? offered : undefined;
}

function describe({ version, description }: MaintenanceInfo): string {
  const about = brokerText(description);
  return `${brokerText(version)}${about === undefined ? '' : ` (${about})`}`;
}
