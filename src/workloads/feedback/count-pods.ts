import type { ConditionStatement } from '../../api/conditions.ts';
import type { WatchedPod } from './watched-pod.ts';
import { whyWithout, type Place } from './why-without.ts';

/** What the condition `Injected` says of an object. */
export type InjectedStatement = Pick<ConditionStatement, 'status' | 'reason' | 'message'>;

/** Beyond this number nobody reads names. */
const maxNames = 3;

interface Count {
  /** Pods that ask for it, or that the preset chose. */
  asking: number;
  having: number;
  /** Those that have it and do not ask. */
  others: number;
  /** Those that do not have it, and why. */
  readonly without: { readonly pod: string; readonly why: string }[];
}

/**
 * What is to be told on the ServiceBindings that Pods of a namespace ask for or have, by their names.
 * @param bindingOf the ServiceBinding that writes a Secret; undefined when there is none
 */
export function tellBindings(
  pods: readonly WatchedPod[],
  bindingOf: (secret: string) => string | undefined,
  place: Place,
): ReadonlyMap<string, InjectedStatement> {
  const counts = new Map<string, Count>();
  for (const { name, injection } of pods) {
    // Under two names it is still one Pod.
    const asked = new Map<string, boolean>();
    for (const { binding, isThere } of injection.asked) {
      if (binding !== undefined) asked.set(binding, isThere && asked.get(binding) !== false);
    }
    for (const [binding, isThere] of asked) {
      const count = countOf(counts, binding);
      count.asking += 1;
      if (isThere) count.having += 1;
      else count.without.push({ pod: name, why: whyWithout(injection, place).why });
    }
    for (const binding of new Set(injection.brought.flatMap((secret) => bindingOf(secret) ?? []))) {
      if (!asked.has(binding)) countOf(counts, binding).others += 1;
    }
  }
  return statements(counts, ofBinding);
}

/**
 * The same for PodPresets. Only Pods count that the webhook was asked about.
 * @param known names of those that there are: what is noted on a Pod may be anything
 */
export function tellPresets(
  pods: readonly WatchedPod[],
  known: ReadonlySet<string>,
): ReadonlyMap<string, InjectedStatement> {
  const counts = new Map<string, Count>();
  for (const { name, injection } of pods) {
    for (const preset of new Set(injection.presets)) {
      if (!known.has(preset)) continue;
      const count = countOf(counts, preset);
      count.asking += 1;
      count.having += 1;
    }
    for (const { preset, why } of injection.leftOut) {
      if (!known.has(preset)) continue;
      const count = countOf(counts, preset);
      count.asking += 1;
      count.without.push({ pod: name, why });
    }
  }
  return statements(counts, ofPreset);
}

function ofBinding({ asking, having, others, without }: Count): InjectedStatement {
  const brought = others === 0 ? '' : `${pods(others)} got it by a PodPreset`;
  if (asking === 0) return { status: 'True', reason: 'PodsHaveIt', message: brought };
  const message = `${having} of ${pods(asking)} that ask have it${brought && `; ${brought}`}`;
  return without.length === 0
    ? { status: 'True', reason: 'PodsHaveIt', message }
    : { status: 'False', reason: 'PodsWithoutIt', message: `${message}. Without it: ${named(without)}` };
}

function ofPreset({ asking, having, without }: Count): InjectedStatement {
  const message = `${having} of ${pods(asking)} that it was chosen for have it`;
  return without.length === 0
    ? { status: 'True', reason: 'PodsHaveIt', message }
    : { status: 'False', reason: 'LeftOutOfPods', message: `${message}. Left out of ${named(without)}` };
}

/** The same names each time, whatever order the Pods come in. */
function named(without: Count['without']): string {
  const sorted = without.toSorted((left, right) => (left.pod < right.pod ? -1 : 1));
  const names = sorted.slice(0, maxNames).map(({ pod }) => pod);
  const more = sorted.length > maxNames ? ` and ${sorted.length - maxNames} more` : '';
  return `${names.join(', ')}${more} (${sorted[0]?.why ?? ''})`;
}

function pods(count: number): string {
  return count === 1 ? '1 Pod' : `${count} Pods`;
}

function countOf(counts: Map<string, Count>, name: string): Count {
  const known = counts.get(name);
  if (known !== undefined) return known;
  const count = { asking: 0, having: 0, others: 0, without: [] };
  counts.set(name, count);
  return count;
}

function statements(
  counts: ReadonlyMap<string, Count>,
  of: (count: Count) => InjectedStatement,
): ReadonlyMap<string, InjectedStatement> {
  return new Map([...counts].map(([name, count]) => [name, of(count)] as const));
}
