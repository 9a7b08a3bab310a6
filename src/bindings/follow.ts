import { removeCondition, setCondition } from '../api/conditions.ts';
import type { ServiceBinding } from '../api/generated/service-binding.ts';
import { isBuiltIn } from '../brokers/built-in-broker.ts';
import { namedSecrets } from '../brokers/parameters.ts';
import { timestamp } from '../control/attempts.ts';
import { goOn, type Step } from '../control/steps.ts';
import { objectKey } from '../kube/objects.ts';
import type { Stores } from '../model/stores.ts';
import { putStatus, record, tell } from '../operations/record.ts';
import { readSources, sourcesOf } from './copied-keys.ts';
import { encode, storeSecret } from './credential-secret.ts';
import { getBinding, sourceOf } from './fetch-credentials.ts';
import { followSources, type Followed } from './follow-sources.ts';
import { knownBinding, type BindingTask } from './known-binding.ts';
import { secretContentOf } from './secret-digest.ts';
import { secretNameOf } from './secret-standing.ts';
import { preparedContent } from './store-credentials.ts';
import { instanceKeyOf } from '../model/instance-of.ts';

/** Its credentials are what its instance says: they change with that. */
export function followsInstance(binding: ServiceBinding, stores: Stores): boolean {
  const known = knownBinding(binding, stores);
  return known !== undefined && isBuiltIn(known.broker);
}

/** It waits for its next attempt, and what its instance says has changed: it waits no longer. */
export async function hear(
  task: BindingTask,
  binding: ServiceBinding,
  news: Set<string>,
): Promise<ServiceBinding> {
  const key = objectKey(binding);
  if (!news.has(key) || !binding.status?.nextAttemptTime) return binding;
  const heard = await putStatus(task, binding, { ...binding.status, nextAttemptTime: undefined });
  news.delete(key);
  return heard;
}

/** How many Secrets a look at a binding reads: its own, those it copies from, and those that say what its instance says. */
export function readsOf(binding: ServiceBinding | undefined, stores: Stores): number {
  if (binding === undefined) return 1;
  const instance = followsInstance(binding, stores)
    ? stores.serviceInstances.store.get(instanceKeyOf(binding))
    : undefined;
  return 1 + sourcesOf(binding).length + (instance === undefined ? 0 : namedSecrets(instance.spec).size);
}

/**
 * The Secret of a binding is sound, and holds what its instance and other Secrets once said: it gets what they say now. Nothing
 * is on record of it but what the Secret holds, so that it comes again in its turn, whatever ends in between.
 */
export async function follow(task: BindingTask, binding: ServiceBinding): Promise<Step<ServiceBinding>> {
  const ofInstance = followsInstance(binding, task.stores)
    ? await followInstance(task, binding)
    : { binding };
  const ofSources = await followSources(task, ofInstance.binding);
  return goOn(await sayOutdated(task, ofSources.binding, ofInstance.problem ?? ofSources.problem));
}

async function followInstance(task: BindingTask, binding: ServiceBinding): Promise<Followed> {
  const wanted = await wantedContent(task, binding);
  if (wanted.kind === 'unknown') return { binding, problem: wanted.why };
  const secretContent = secretContentOf(await task.checksumKey.get(), encode(wanted.content.data));
  if (secretContent.digest === binding.status?.secretContent?.digest) return { binding };
  const stored = await storeSecret(task.client, binding, wanted.content, task.signal);
  if (stored.kind === 'refused') return { binding, problem: stored.message };
  const message = `Secret "${nameOf(binding)}" holds what its instance says now`;
  const verdict = { kind: 'ready', reason: 'InjectedBindResult', message } as const;
  const written = await record(task, binding, verdict, { secret: wanted.state, secretContent }, 'uid');
  tell(task, written, 'Normal', { reason: 'SecretUpdated', message });
  return { binding: written };
}

type Wanted =
  | Extract<ReturnType<typeof preparedContent>, { kind: 'prepared' }>
  | { readonly kind: 'unknown'; readonly why: string };

async function wantedContent(task: BindingTask, binding: ServiceBinding): Promise<Wanted> {
  const known = knownBinding(binding, task.stores);
  const source = sourceOf(task, binding);
  if (known === undefined || source === undefined) {
    return { kind: 'unknown', why: 'its instance, class or plan is not there' };
  }
  const fetched = await getBinding(task, binding, known);
  if (fetched.kind === 'accepted') return { kind: 'unknown', why: 'it is not there yet' };
  if (fetched.kind !== 'done') return { kind: 'unknown', why: fetched.message };
  const sources = await readSources(task.client, binding, task.signal);
  const prepared = preparedContent(binding, fetched.body, source.offering, sources);
  return prepared.kind === 'prepared' ? prepared : { kind: 'unknown', why: prepared.message };
}

const type = 'SecretOutdated';

/** A condition that is there only while it is true; the binding works with what it has. */
async function sayOutdated(
  task: BindingTask,
  binding: ServiceBinding,
  why: string | undefined,
): Promise<ServiceBinding> {
  const { status = {}, metadata } = binding;
  const { conditions = [] } = status;
  const message = `Secret "${nameOf(binding)}" stays as it is, since what it should hold now is not known: ${why}`;
  const statement = { type, status: 'True', reason: 'SourceNotUsable', message } as const;
  const observedGeneration = metadata.generation ?? 0;
  const now = timestamp(task.clock.now());
  const next =
    why === undefined
      ? removeCondition(conditions, type)
      : setCondition(conditions, { ...statement, observedGeneration }, now);
  if (next === conditions) return binding;
  const said = await putStatus(task, binding, { ...status, conditions: next });
  if (why !== undefined) tell(task, said, 'Warning', { reason: type, message });
  return said;
}

function nameOf(binding: ServiceBinding): string {
  return `${binding.metadata.namespace ?? ''}/${secretNameOf(binding)}`;
}
