import type { PodPreset } from '../api/generated/pod-preset.ts';
import { podPresets } from '../api/kinds.ts';
import type { Clock } from '../base/clock.ts';
import type { Logger } from '../base/logger.ts';
import { timestamp } from '../control/attempts.ts';
import { Controller, type ReconcileObserver } from '../control/controller.ts';
import { Informer } from '../control/informer.ts';
import { writeStatus } from '../control/status-writer.ts';
import { statusOf, type Verdict } from '../model/verdict.ts';
import { readPreset } from '../injection/preset.ts';
import type { KubeClient } from '../kube/client.ts';
import { isConflict, isNotFound } from '../kube/errors.ts';
import { objectKey } from '../kube/objects.ts';

export interface PresetControllerDeps {
  readonly client: KubeClient;
  readonly logger: Logger;
  readonly clock: Clock;
  readonly observe?: ReconcileObserver | undefined;
}

export function createPresetInformer({
  client,
  logger,
}: {
  readonly client: KubeClient;
  readonly logger: Logger;
}): Informer<PodPreset> {
  return new Informer<PodPreset>({ client, logger, resource: podPresets });
}

/** Tells in the status of each PodPreset whether Pods can be created with it. Its keys are those of the presets. */
export function presetController(
  { client, logger, clock, observe }: PresetControllerDeps,
  { store }: Pick<Informer<PodPreset>, 'store'>,
): Controller {
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
      const now = timestamp(clock.now());
      const next = statusOf(verdictOf(preset), status, metadata.generation ?? 0, now);
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
  return controller;
}

/** What is wrong with a binding leaves out that binding; anything else leaves out the preset. */
export function verdictOf(preset: PodPreset): Verdict {
  const { unusable, problems } = readPreset(preset);
  const wrong = problems.find(({ severity }) => severity === 'error')?.message;
  if (unusable === undefined && wrong === undefined) {
    return { kind: 'ready', reason: 'Usable', message: 'Pods that the selector chooses get what it has.' };
  }
  const message =
    unusable === undefined
      ? `A binding is left out of Pods: ${wrong}`
      : `Left out of all Pods, which could not be created with it: ${unusable}`;
  return { kind: 'stalled', reason: 'Invalid', failedReason: 'Invalid', message };
}
