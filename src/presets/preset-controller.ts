import { podPresets } from '../api/kinds.ts';
import type { Clock } from '../base/clock.ts';
import type { Logger } from '../base/logger.ts';
import { timestamp } from '../control/attempts.ts';
import { Controller, type ReconcileObserver } from '../control/controller.ts';
import { Informer } from '../control/informer.ts';
import { writeStatus } from '../control/status-writer.ts';
import { keptPreset, maxPresetBytes, maxPresetValues, type KeptPreset } from '../model/kept-form.ts';
import { statusOf, type Verdict } from '../model/verdict.ts';
import { readPreset } from '../injection/preset.ts';
import type { KubeClient } from '../kube/client.ts';
import { isConflict, isNotFound } from '../kube/errors.ts';
import { objectKey, type KubeObject } from '../kube/objects.ts';
import { hasMark, namespaceOptOut, presetsOptIn } from '../model/scope.ts';
import type { Stores } from '../model/stores.ts';

export interface PresetControllerDeps {
  readonly client: KubeClient;
  readonly stores: Pick<Stores, 'namespaces'>;
  readonly logger: Logger;
  readonly clock: Clock;
  readonly observe?: ReconcileObserver | undefined;
}

/** What controller and webhook know of presets. */
export function createPresetInformer({
  client,
  logger,
}: {
  readonly client: KubeClient;
  readonly logger: Logger;
}): Informer<KeptPreset> {
  return new Informer<KeptPreset>({
    client,
    logger,
    resource: podPresets,
    trim: keptPreset,
    indexes: { namespace: namespaceOf },
  });
}

/** Tells in the status of each PodPreset whether Pods can be created with it. Its keys are those of the presets. */
export function presetController(
  { client, stores, logger, clock, observe }: PresetControllerDeps,
  { store }: Pick<Informer<KeptPreset>, 'store'>,
): Controller {
  const namespaces = stores.namespaces.store;
  const controller = new Controller({
    name: 'preset',
    concurrency: 1,
    logger,
    observe,
    isKnown: (key) => store.get(key) !== undefined,
    reconcile: async (key, signal) => {
      const preset = store.get(key);
      if (preset === undefined || preset.metadata.deletionTimestamp !== undefined) return undefined;
      const { metadata, status = {} } = preset;
      // The watch of presets may be ahead of that of namespaces; it comes again then.
      const namespace = namespaces.get(metadata.namespace ?? '');
      if (namespace === undefined) return undefined;
      const now = timestamp(clock.now());
      const next = statusOf(verdictOf(preset, namespace), status, metadata.generation ?? 0, now);
      try {
        await writeStatus(client, podPresets, preset, next, store, signal);
      } catch (error) {
        // Another version is on its way here, or the preset is gone.
        if (!isConflict(error) && !isNotFound(error)) throw error;
      }
      return undefined;
    },
  });
  store.subscribe(({ object, removed }) => {
    if (!removed) controller.enqueue(objectKey(object));
  });
  namespaces.subscribe(({ object, previous }) => {
    if (previous !== undefined && seesAllPods(object) === seesAllPods(previous)) return;
    for (const preset of store.byIndex('namespace', object.metadata.name))
      controller.enqueue(objectKey(preset));
  });
  return controller;
}

function namespaceOf({ metadata }: KubeObject): readonly string[] {
  return [metadata.namespace ?? ''];
}

/** Whether the webhook is asked about Pods without annotations of ours. */
function seesAllPods({ metadata: { labels } }: KubeObject): boolean {
  return hasMark(labels, presetsOptIn) && !hasMark(labels, namespaceOptOut);
}

/** What is wrong with a binding leaves out that binding; anything else leaves out the preset. */
export function verdictOf(preset: KeptPreset, namespace: KubeObject): Verdict {
  const { withheld } = preset;
  if (withheld !== undefined) return invalid(`Left out of all Pods: ${excessOf(withheld)}`);
  const { unusable, problems } = readPreset(preset);
  const wrong = problems.find(({ severity }) => severity === 'error')?.message;
  if (unusable === undefined && wrong === undefined) {
    if (!seesAllPods(namespace)) return unlabelled(namespace);
    return { kind: 'ready', reason: 'Usable', message: 'Pods that the selector chooses get what it has.' };
  }
  return invalid(
    unusable === undefined
      ? `A binding is left out of Pods: ${wrong}`
      : `Left out of all Pods, which could not be created with it: ${unusable}`,
  );
}

function invalid(message: string): Verdict {
  return { kind: 'stalled', reason: 'Invalid', failedReason: 'Invalid', message };
}

function excessOf({ bytes }: { readonly bytes: number }): string {
  return bytes > maxPresetBytes
    ? `it is larger than ${maxPresetBytes / 1024} KiB`
    : `it holds more than ${maxPresetValues} values`;
}

function unlabelled({ metadata: { name, labels } }: KubeObject): Verdict {
  const isOptedOut = hasMark(labels, namespaceOptOut);
  const { key, value } = presetsOptIn;
  const command = [
    `kubectl label namespace ${name} ${key}=${value}`,
    ...(isOptedOut ? [`${namespaceOptOut.key}-`] : []),
  ].join(' ');
  const message = isOptedOut
    ? `No Pod of namespace "${name}" is looked at, because of its label ${namespaceOptOut.key}`
    : `Only Pods that ask for bindings themselves get what it has: namespace "${name}" has no label ${key}`;
  return {
    kind: 'working',
    reason: 'NamespaceNotLabelled',
    message: `${message}. To change that: ${command}`,
  };
}
