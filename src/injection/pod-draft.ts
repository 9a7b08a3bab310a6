import { schedulingGate } from '../api/group.ts';
import { ContainerDraft, type ContainerAdditions, type Report } from './container-draft.ts';
import { isWindows, listOf, type ContainerSlot, type RawPod, type RawVolume } from './pod.ts';
import { sameContent } from './same-content.ts';

/** Volumes whose content nobody can write, so that no mount point can be made below them. */
const readOnlySources = ['secret', 'configMap', 'downwardAPI', 'projected'] as const;

interface RawGating {
  readonly nodeName?: string;
  readonly schedulingGates?: readonly { readonly name: string }[];
}

/** The Pod as it will be. Nothing of the Pod itself is changed; additions are kept beside it. */
export class PodDraft {
  readonly windows: boolean;
  readonly containers: readonly ContainerDraft[];
  readonly #pod: RawPod;
  readonly #volumes: RawVolume[] = [];
  readonly #added = new Map<string, RawVolume>();
  #existing: ReadonlyMap<string, RawVolume> | undefined;
  #gating: 'impossible' | 'there' | 'added' | undefined;
  /** How to take back what was added, while that is open. */
  #undo: (() => void)[] | undefined;

  constructor(pod: RawPod, slots: readonly ContainerSlot[]) {
    this.#pod = pod;
    this.windows = isWindows(pod);
    const surroundings = {
      windows: this.windows,
      isReadOnlyVolume: (name: string) => this.#isReadOnlyVolume(name),
      record: (undo: () => void) => this.#undo?.push(undo),
    };
    this.containers = slots.map((slot) => new ContainerDraft(slot, surroundings));
  }

  /** Carries out a change and keeps all of it when it returns true, nothing of it otherwise. */
  attempt(change: () => boolean): boolean {
    const undo: (() => void)[] = [];
    this.#undo = undo;
    const isKept = change();
    this.#undo = undefined;
    if (!isKept) for (const takeBack of undo.toReversed()) takeBack();
    return isKept;
  }

  /** Returns false when another volume has this name: then nothing may be mounted from it. */
  volume(wanted: RawVolume, report: Report): boolean {
    const existing = this.#volumesOfPod().get(wanted.name);
    const other = existing ?? this.#added.get(wanted.name);
    if (other === undefined) {
      this.#volumes.push(wanted);
      this.#added.set(wanted.name, wanted);
      this.#undo?.push(() => (this.#volumes.pop(), this.#added.delete(wanted.name)));
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

  /** True when the Pod has a volume of this name, or will have. */
  hasVolumeNamed(name: string): boolean {
    return this.#volumesOfPod().has(name) || this.#added.has(name);
  }

  /** True when the Pod has this very volume already. */
  hasVolume(wanted: RawVolume): boolean {
    const existing = this.#volumesOfPod().get(wanted.name);
    return existing !== undefined && sameContent(existing, wanted);
  }

  /** Holds the Pod back from scheduling. Returns false for a Pod that is bound to a node: it can not be gated. */
  gate(): boolean {
    this.#gating ??= this.#gate();
    return this.#gating !== 'impossible';
  }

  #gate(): 'impossible' | 'there' | 'added' {
    const { nodeName, schedulingGates } = { ...this.#pod.spec } as RawGating;
    if (nodeName) return 'impossible';
    return listOf(schedulingGates).some(({ name }) => name === schedulingGate) ? 'there' : 'added';
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
      schedulingGates: this.#gating === 'added' ? [{ name: schedulingGate }] : [],
    };
  }

  #volumesOfPod(): ReadonlyMap<string, RawVolume> {
    // Of several volumes with one name, which the API server refuses, the first counts.
    this.#existing ??= new Map(
      listOf(this.#pod.spec?.volumes)
        .toReversed()
        .map((one) => [one.name, one]),
    );
    return this.#existing;
  }

  #isReadOnlyVolume(name: string): boolean {
    const volume = this.#volumesOfPod().get(name) ?? this.#added.get(name);
    return volume !== undefined && readOnlySources.some((source) => volume[source] !== undefined);
  }
}
