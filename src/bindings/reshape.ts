import type { ServiceBinding, ServiceBindingSecretContent } from '../api/generated/service-binding.ts';
import { secretKeysAnnotation } from '../api/group.ts';
import type { Key } from '../brokers/checksum-key.ts';
import { timestamp } from '../control/attempts.ts';
import { goOn, type Step } from '../control/steps.ts';
import { secrets } from '../kube/resources.ts';
import { instanceKeyOf } from '../model/instance-of.ts';
import { offeringOf } from '../model/offering-of.ts';
import { putStatus, tell } from '../operations/record.ts';
import type { SecretObject } from '../kube/data-objects.ts';
import { encode, readSecret } from './credential-secret.ts';
import type { BindingTask } from './known-binding.ts';
import { removedKeys, shapedContent, type SecretContent } from './secret-content.ts';
import { isAsRecorded, keysOfOthers, secretContentOf } from './secret-digest.ts';
import { credentialsIn, noteOf } from './secret-note.ts';
import { secretState, wantedRule, wantedShape, withCopies, withSecretConditions } from './secret-state.ts';
import { isOfBindingId, secretNameOf, secretStanding } from './secret-standing.ts';

/**
 * The annotation says another shape than the Secret follows: only what was added is taken away and made anew, from what
 * the Secret itself holds. What the broker said is not written again, so that no edit can lose it.
 */
export async function reshape(task: BindingTask, binding: ServiceBinding): Promise<Step<ServiceBinding>> {
  const { status = {} } = binding;
  if (!isReshapeDue(binding)) return goOn(binding);
  const shape = wantedShape(binding);

  const done = await writeShape(task, binding, shape);
  const secret = withCopies(secretState(shape, done), status.secret?.copies);
  const { secretContent = status.secretContent } = done;
  const reshaped = {
    ...binding,
    status: { ...status, secret, secretContent } as ServiceBinding['status'] & object,
  };
  const conditions = withSecretConditions(reshaped, timestamp(task.clock.now()));
  const written = await putStatus(task, binding, { ...reshaped.status, conditions });
  const isDone = done.notes.length === 0;
  const message = isDone ? `Secret "${secretNameOf(binding)}" follows the shape` : done.notes.join('; ');
  tell(task, written, isDone ? 'Normal' : 'Warning', {
    reason: isDone ? 'Shaped' : 'ShapeNotApplied',
    message,
  });
  return goOn(written);
}

/** Its Secret is looked at before: what somebody has changed must not be taken for what the broker said. */
export function isReshapeDue(binding: ServiceBinding): boolean {
  const { status = {} } = binding;
  const isBound = status.binding !== undefined && status.externalProperties && !status.currentOperation;
  const isShaped = wantedShape(binding) === (status.secret?.shape ?? '');
  return Boolean(isBound) && status.orphanMitigationInProgress !== true && !isShaped;
}

interface Shaped {
  readonly notes: readonly string[];
  readonly missing: readonly string[];
  /** What the Secret holds now; absent when it was left as it is. */
  readonly secretContent?: ServiceBindingSecretContent;
}

/** @throws KubeApiError, KubeConnectionError when it could not be written now, or has changed meanwhile */
async function writeShape(task: BindingTask, binding: ServiceBinding, shape: string): Promise<Shaped> {
  const left = (why: string): Shaped => ({
    notes: [why],
    missing: binding.status?.secret?.missingKeys ?? [],
  });
  const { rule, problem } = wantedRule(shape);
  // A typo takes nothing away from those who read the Secret.
  if (problem !== undefined) return left(problem);
  const secret = await readSecret(task.client, binding, task.signal);
  if (secret === undefined || secretStanding(secret, binding) !== 'own' || !isOfBindingId(secret, binding)) {
    return left('the Secret is not there, or not this binding’s; it stays as it is');
  }
  const known = credentialsIn(secret);
  if (known === undefined) {
    return left(
      'nobody knows any more which keys of the Secret are the broker’s own; to shape it, make the binding anew',
    );
  }
  const instance = task.stores.serviceInstances.store.get(instanceKeyOf(binding));
  const offering = instance && offeringOf(instance, task.stores);
  if (offering === undefined)
    return left('its instance or its class is not there; the Secret stays as it is');

  const content = shapedContent(binding, known.credentials, offering, rule, removedKeys(binding));
  if (content.kind === 'refused') return left(`${content.message}; the Secret stays as it is`);
  const key = await task.checksumKey.get();
  if (isAsRecorded(key, secret.data ?? {}, binding) === false) {
    return left('somebody has changed the Secret meanwhile');
  }
  return writeAdded(task, binding, secret, { gone: known.added, copied: known.copied, content, key });
}

interface NewShape {
  readonly gone: readonly string[];
  /** From other Secrets; those stay that have not become ours. */
  readonly copied: readonly string[];
  readonly content: Extract<SecretContent, { kind: 'data' }>;
  readonly key: Key;
}

async function writeAdded(
  task: BindingTask,
  binding: ServiceBinding,
  secret: SecretObject,
  { gone, copied, content, key }: NewShape,
): Promise<Shaped> {
  const { uid, resourceVersion, namespace = '', name } = secret.metadata;
  const isAdded = new Set(content.added);
  const removed = gone.filter((each) => !isAdded.has(each)).map((each) => [each, null] as const);
  const added = Object.fromEntries(content.added.map((each) => [each, content.data[each] ?? '']));
  const note = noteOf({ ...content, copied: copied.filter((each) => !content.added.includes(each)) });
  const annotations = { [secretKeysAnnotation]: note ?? null };
  const patch = {
    metadata: { uid, resourceVersion, annotations },
    data: { ...Object.fromEntries(removed), ...encode(added) },
  };
  const others = new Set(keysOfOthers(secret.data ?? {}, binding));
  const options = { type: 'merge', signal: task.signal } as const;
  const { data = {} } = await task.client.patch<SecretObject>(secrets, { namespace, name }, patch, options);
  const keys = Object.keys(data).filter((each) => isAdded.has(each) || !others.has(each));
  return { ...content, secretContent: secretContentOf(key, data, keys) };
}
