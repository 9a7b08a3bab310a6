import { schedulingGate } from '../api/group.ts';
import { ContainerDraft, type ContainerAdditions, type Report } from './container-draft.ts';
import { isWindows, listOf, type ContainerSlot, type RawPod, type RawVolume } from './pod.ts';
import { sameContent } from './same-content.ts';

/** The Pod as it will be. Nothing of the Pod itself is changed; additions are kept beside it. */
export class PodDraft {
  readonly windows: boolean;
  readonly containers: readonly ContainerDraft[];
  readonly #pod: RawPod;
  readonly #volumes: RawVolume[] = [];
  #isGated = false;

  constructor(pod: RawPod, slots: readonly ContainerSlot[]) {
    this.#pod = pod;
    this.windows = isWindows(pod);
    const volumes = (): readonly RawVolume[] => [...listOf(pod.spec?.volumes), ...this.#volumes];
    this.containers = slots.map((slot) => new ContainerDraft(slot, volumes, this.windows));
  }

  /** Returns false when another volume has this name: then nothing may be mounted from it. */
  volume(wanted: RawVolume, report: Report): boolean {
    const existing = listOf(this.#pod.spec?.volumes).find(({ name }) => name === wanted.name);
    const other = existing ?? this.#volumes.find(({ name }) => name === wanted.name);
    if (other === undefined) {
      this.#volumes.push(wanted);
      return true;
    }
    if (sameContent(other, wanted)) return true;
    report({
      field: `volume ${wanted.name}`,
      reason: `is already a volume of ${existing === undefined ? 'another binding' : 'the Pod'} with other content`,
      // Leaving it to the user's volume would mount something else than the binding.
      keepable: false,
    });
    return false;
  }

  /** True when the Pod has this very volume already. */
  hasVolume(wanted: RawVolume): boolean {
    const existing = listOf(this.#pod.spec?.volumes).find(({ name }) => name === wanted.name);
    return existing !== undefined && sameContent(existing, wanted);
  }

  /** Holds the Pod back from scheduling. Returns false for a Pod that is bound to a node: it can not be gated. */
  gate(): boolean {
    const spec: Readonly<Record<string, unknown>> = { ...this.#pod.spec };
    if (spec['nodeName']) return false;
    const gates = listOf(spec['schedulingGates'] as readonly { readonly name: string }[] | undefined);
    this.#isGated = !gates.some(({ name }) => name === schedulingGate);
    return true;
  }

  additions(): {
    readonly volumes: readonly RawVolume[];
    readonly containers: readonly ContainerAdditions[];
    readonly schedulingGates: readonly { readonly name: string }[];
  } {
    return {
      volumes: this.#volumes,
      containers: this.containers
        .map((draft) => draft.additions())
        .filter((additions) => additions !== undefined),
      schedulingGates: this.#isGated ? [{ name: schedulingGate }] : [],
    };
  }
}
