import type { WorkloadRef } from '../../api/requested-identity.ts';
import { bindingAnnotationPrefixes } from '../../api/group.ts';
import type { Standing } from '../standing-events.ts';
import type { WatchedPod } from './watched-pod.ts';
import { whyWithout, type Place } from './why-without.ts';

/** What is told on a workload about its Pods. */
export interface PodTelling {
  /** One of those that it is about. */
  readonly pod: WatchedPod;
  /** What it is about, among all that is told of this workload. */
  readonly about: string;
  readonly standing: Standing;
}

/** Kinds that `kubectl rollout restart` knows. */
const restartable: readonly string[] = ['Deployment', 'StatefulSet', 'DaemonSet'];

/**
 * What is to be told about the Pods of a namespace: each thing once for a workload, however many Pods it has, and so that the
 * words stay the same while Pods come and go.
 */
export function tellWorkloads(pods: readonly WatchedPod[], place: Place): readonly PodTelling[] {
  const groups = new Map<string, WatchedPod[]>();
  for (const pod of pods) {
    const { kind, name } = pod.injection.workload;
    const key = `${kind}/${name}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [pod]);
    else group.push(pod);
  }
  return [...groups.values()].flatMap((group) => {
    const amiss = byAbout(group.flatMap((pod) => [...without(pod, place), ...keyMissing(pod), ...left(pod)]));
    const isWell = amiss.every(({ standing }) => standing.reason === 'PresetLeftOut');
    return isWell ? [...amiss, ...injected(group)] : amiss;
  });
}

function byAbout(tellings: readonly PodTelling[]): readonly PodTelling[] {
  const first = new Map<string, PodTelling>();
  for (const telling of tellings) if (!first.has(telling.about)) first.set(telling.about, telling);
  return [...first.values()];
}

function without(pod: WatchedPod, place: Place): readonly PodTelling[] {
  const { injection } = pod;
  // What is replaced, or can not be, is told where that is done (`stranded/`).
  const lacking = injection.asked.filter(({ isThere, elsewhere }) => !isThere && !elsewhere?.isReplaced);
  const names = lacking.map(({ name }) => name);
  if (names.length === 0) return [];
  const { why, first } = whyWithout(injection, place);
  const remedy = [first, anew(injection.workload)].filter((words) => words !== '').join(' ');
  const message = `Pods run without ${listed(names)}, which they ask for: ${why}. ${remedy}`;
  return [warning(pod, `without ${names.join(',')} ${why}`, 'NotInjected', message)];
}

function keyMissing(pod: WatchedPod): readonly PodTelling[] {
  const { missingKey, asked } = pod.injection;
  if (missingKey === undefined) return [];
  const { secret, key } = missingKey;
  const of = asked.find((one) => one.secret === secret);
  const place = of === undefined ? 'a variable' : `${bindingAnnotationPrefixes.env}${of.name} or a variable`;
  const message =
    `Pods can not start: Secret "${secret}" has no key "${key}", which ${place} names. ` +
    `"kubectl describe secret ${secret}" shows the keys that it has`;
  return [warning(pod, `key ${secret} ${key}`, 'KeyMissing', message)];
}

function left(pod: WatchedPod): readonly PodTelling[] {
  return pod.injection.leftOut.map(({ preset, why }) => {
    const message = `Pods run without PodPreset "${preset}", which chooses them: ${why}`;
    return warning(pod, `preset ${preset}`, 'PresetLeftOut', message);
  });
}

/** All that they ask for is there. */
function injected(group: readonly WatchedPod[]): readonly PodTelling[] {
  const [pod] = group.toSorted((one, other) => other.madeAtSeconds - one.madeAtSeconds);
  const names = pod?.injection.asked.map(({ name }) => name) ?? [];
  if (pod === undefined || names.length === 0 || pod.injection.asked.some(({ isThere }) => !isThere))
    return [];
  const since = new Date(pod.madeAtSeconds * 1_000).toISOString();
  const message = `Pods are made with ${listed(names)}`;
  return [{ pod, about: 'injected', standing: { type: 'Normal', reason: 'Injected', message, since } }];
}

function warning(pod: WatchedPod, about: string, reason: string, message: string): PodTelling {
  return { pod, about, standing: { type: 'Warning', reason, message } };
}

/** A Pod can not be given anything any more. */
function anew({ kind, name }: WorkloadRef): string {
  const target = `${kind.toLowerCase()}/${name}`;
  return restartable.includes(kind)
    ? `Their Pods have to be made anew: kubectl rollout restart ${target}`
    : 'A Pod that is there gets nothing more: it has to be made anew';
}

function listed(names: readonly string[]): string {
  return names.map((name) => `"${name}"`).join(', ');
}
