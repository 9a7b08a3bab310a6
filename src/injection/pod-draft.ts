import { schedulingGate } from '../api/group.ts';
import {
  ContainerDraft,
  type ContainerAdditions,
  type DraftSurroundings,
  type Report,
} from './container-draft.ts';
import { NamedList } from './named-list.ts';
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
  readonly slots: readonly ContainerSlot[];
  readonly containers: readonly ContainerDraft[];
  readonly #pod: RawPod;
  readonly #surroundings: DraftSurroundings;
  readonly #existing: NamedList<RawVolume>;
  readonly #volumes = new NamedList<RawVolume>();
  #gating: 'impossible' | 'there' | 'added' | undefined;

  constructor(pod: RawPod, slots: readonly ContainerSlot[]) {
    this.#pod = pod;
    this.windows = isWindows(pod);
    this.slots = slots;
    // Of several volumes with one name, which the API server refuses, the first counts.
    this.#existing = new NamedList(listOf(pod.spec?.volumes).toReversed());
    const surroundings = {
      windows: this.windows,
      isReadOnlyVolume: (name: string) => this.#isReadOnlyVolume(name),
      undo: undefined,
    };
    this.#surroundings = surroundings;
    this.containers = slots.map((slot) => new ContainerDraft(slot, surroundings));
  }

  /** Carries out a change and keeps all of it when it returns true, nothing of it otherwise. */
  attempt(change: () => boolean): boolean {
    const undo: (() => void)[] = [];
    this.#surroundings.undo = undo;
    const isKept = change();
    this.#surroundings.undo = undefined;
    if (!isKept) for (const takeBack of undo.toReversed()) takeBack();
    return isKept;
  }

  /** Returns false when another volume has this name: then nothing may be mounted from it. */
  volume(wanted: RawVolume, report: Report): boolean {
    const existing = this.#existing.get(wanted.name);
    const other = existing ?? this.#volumes.get(wanted.name);
    if (other === undefined) {
      this.#volumes.add(wanted);
      this.#surroundings.undo?.push(() => this.#volumes.takeBack());
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
    return (this.#existing.get(name) ?? this.#volumes.get(name)) !== undefined;
  }

  /** True when the Pod has this very volume already. */
  hasVolume(wanted: RawVolume): boolean {
    const existing = this.#existing.get(wanted.name);
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
      volumes: this.#volumes.entries,
      containers: this.containers
        .map((draft) => draft.additions())
        .filter((additions) => additions !== undefined),
      schedulingGates: this.#gating === 'added' ? [{ name: schedulingGate }] : [],
    };
  }

  #isReadOnlyVolume(name: string): boolean {
    const volume = this.#existing.get(name) ?? this.#volumes.get(name);
    return volume !== undefined && readOnlySources.some((source) => volume[source] !== undefined);
  }
}
