import { findCondition, removeCondition, setCondition } from '../api/conditions.ts';
import type { ServiceInstance } from '../api/generated/service-instance.ts';
import { followParametersAnnotation } from '../api/group.ts';
import { serviceInstances } from '../api/kinds.ts';
import { objectParameters } from '../brokers/object-parameters.ts';
import { keyIdOf } from '../brokers/parameter-checksum.ts';
import { namedSecrets, type ResolvedParameters } from '../brokers/parameters.ts';
import { timestamp } from '../control/attempts.ts';
import { goOn, type Step } from '../control/steps.ts';
import { objectKey } from '../kube/objects.ts';
import type { Telling } from '../operations/kind.ts';
import { putStatus, tell } from '../operations/record.ts';
import type { RepairPace } from '../operations/repair-pace.ts';
import type { SecretChecks } from '../operations/secret-checks.ts';
import { isAtRest, isKeptAsFound, type InstanceTask } from './instance-status.ts';

export interface FollowParts {
  readonly checks: SecretChecks;
  /** Whoever changes a Secret again and again has updates the more seldom. */
  readonly pace: RepairPace;
  /** By key of an instance, what was sent last when its Secrets were found to hold something else; until that is dealt with. */
  readonly news: Map<string, string>;
}

const type = 'ParametersNotFollowed';

/**
 * Do the Secrets of `parametersFrom` hold what the broker was told? Looked at in turn, where the instance asks for it, since no
 * Secret is watched. What is found is only noted: the update is the one that a change of the spec would be, with its intent
 * on record. What was refused is not sent again (`status.toldParameterChecksum`).
 */
export async function followParameters(
  task: InstanceTask,
  instance: ServiceInstance,
  parts: FollowParts,
): Promise<Step<ServiceInstance>> {
  const isDue = parts.checks.take(objectKey(instance));
  if (!isFollowed(instance)) return goOn(await say(task, instance, unclearWord(instance)));
  if (!isDue || !isAtRest(instance)) return goOn(instance);
  if (isKeptAsFound(instance)) return goOn(await say(task, instance, keptTelling));
  // A copy with the status of another: what the broker has under that id is not its own.
  if (task.ids.holderOf(task.kind, instance) !== undefined) return goOn(instance);
  return look(task, instance, parts);
}

/** Nothing has been sent since its Secrets were found to hold something else: not by another leader either. */
export function hasNews({ news }: Pick<FollowParts, 'news'>, instance: ServiceInstance): boolean {
  return news.get(objectKey(instance)) === sentLast(instance);
}

/** The checksum of the parameters in the last request, or, once it has succeeded, of what the broker has; empty for none. */
function sentLast({ status }: ServiceInstance): string {
  return status?.toldParameterChecksum ?? status?.externalProperties?.parameterChecksum ?? '';
}

/** Its Secrets are to be read again. */
export function isFollowed({ metadata, spec, status }: ServiceInstance): boolean {
  if (metadata.deletionTimestamp !== undefined || status?.provisionStatus !== 'Provisioned') return false;
  return (
    metadata.annotations?.[followParametersAnnotation] === 'enabled' && (spec.parametersFrom?.length ?? 0) > 0
  );
}

/** How many Secrets a look reads. */
export function readsOf(instance: Pick<ServiceInstance, 'spec'> | undefined): number {
  return instance === undefined ? 1 : Math.max(1, namedSecrets(instance.spec).size);
}

async function look(
  task: InstanceTask,
  instance: ServiceInstance,
  { pace, news }: FollowParts,
): Promise<Step<ServiceInstance>> {
  // Its class or plan is away: an update could not be sent. It is looked at again in its turn.
  if (task.kind.resolve(task, instance).kind === 'blocked') return goOn(instance);
  const { metadata, status } = instance;
  const defaults = status?.defaultProvisionParameters;
  const found = await objectParameters(task, serviceInstances, instance, defaults, task.signal);
  if (found.kind !== 'resolved') {
    const message = `${found.message} The service has what it was told before.`;
    return goOn(await say(task, instance, { reason: 'ErrorWithParameters', message }));
  }
  const now = await say(task, instance, undefined);
  const finding = compared(now, found);
  if (finding === 'unknown') return goOn(await noteAnew(task, now, found.keyed));
  if (finding === 'other' && pace.enter(metadata.uid ?? '')) {
    news.set(objectKey(now), sentLast(now));
    tell(task, now, 'Normal', changedTelling);
  }
  return goOn(now);
}

const keptTelling: Telling = {
  reason: 'KeptAsFound',
  message:
    'The service was found with another plan or other parameters than the spec asks for, and stays so: its Secrets are ' +
    'followed again after the next change of the spec (a greater updateRequests will do).',
};

const changedTelling: Telling = {
  reason: 'ParametersChanged',
  message: 'The Secrets of spec.parametersFrom hold something else than before: the instance is updated',
};

type Found = Extract<ResolvedParameters, { kind: 'resolved' }>;

/** With what was sent last. By a key that is lost nothing can be compared, and nothing is changed for that. */
function compared(
  instance: ServiceInstance,
  { checksum = '', keyed = '' }: Found,
): 'same' | 'other' | 'unknown' {
  const told = sentLast(instance);
  const keys = [keyIdOf(told), keyIdOf(keyed)];
  if (!keys.includes(undefined) && keys[0] !== keys[1]) return 'unknown';
  return told === checksum || told === keyed ? 'same' : 'other';
}

/** What the Secrets hold is taken for what was sent, so that later changes are seen. */
async function noteAnew(
  task: InstanceTask,
  instance: ServiceInstance,
  parameterChecksum: string | undefined,
): Promise<ServiceInstance> {
  const { status = {} } = instance;
  const isRefused = status.toldParameterChecksum !== undefined;
  return putStatus(task, instance, {
    ...status,
    ...(isRefused
      ? { toldParameterChecksum: parameterChecksum }
      : { externalProperties: { ...status.externalProperties, parameterChecksum } }),
  });
}

function unclearWord({ metadata }: ServiceInstance): Telling | undefined {
  const word = metadata.annotations?.[followParametersAnnotation];
  if (word === undefined || word === 'enabled' || word === 'disabled') return undefined;
  const message = `${followParametersAnnotation} is ${JSON.stringify(word)}: write "enabled" or "disabled". Nothing is followed meanwhile.`;
  return { reason: 'FollowParametersUnclear', message };
}

/** A condition that is there while something is to be told, and says nothing of whether the instance works. */
async function say(
  task: InstanceTask,
  instance: ServiceInstance,
  telling: Telling | undefined,
): Promise<ServiceInstance> {
  const { status, metadata } = instance;
  if (status?.conditions === undefined) return instance;
  if (telling === undefined) {
    return putStatus(task, instance, { ...status, conditions: removeCondition(status.conditions, type) });
  }
  const observedGeneration = metadata.generation ?? 0;
  const statement = { type, status: 'True', ...telling, observedGeneration } as const;
  const conditions = setCondition(status.conditions, statement, timestamp(task.clock.now()));
  const said = await putStatus(task, instance, { ...status, conditions });
  if (findCondition(status.conditions, type)?.message !== findCondition(conditions, type)?.message)
    tell(task, said, 'Warning', telling);
  return said;
}
