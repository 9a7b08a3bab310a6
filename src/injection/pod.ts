/** A Pod as raw JSON, with types only for the fields that injection looks at; everything else passes by untouched. */

type Absent = null | undefined;

export type Annotations = Readonly<Record<string, string>>;

export interface RawMetadata {
  readonly name?: string | Absent;
  readonly generateName?: string | Absent;
  readonly namespace?: string | Absent;
  readonly labels?: Readonly<Record<string, string>> | Absent;
  readonly annotations?: Annotations | Absent;
  readonly ownerReferences?: readonly RawOwnerReference[] | Absent;
}

export interface RawOwnerReference {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly uid: string;
  readonly controller?: boolean | Absent;
}

export interface RawPod {
  readonly metadata?: RawMetadata | Absent;
  readonly spec?: RawPodSpec | Absent;
}

export interface RawPodSpec {
  readonly containers?: readonly RawContainer[] | Absent;
  readonly initContainers?: readonly RawContainer[] | Absent;
  readonly ephemeralContainers?: readonly RawContainer[] | Absent;
  readonly volumes?: readonly RawVolume[] | Absent;
  readonly os?: { readonly name?: string } | Absent;
}

export interface RawContainer {
  readonly name: string;
  readonly restartPolicy?: string | Absent;
  readonly env?: readonly RawEnv[] | Absent;
  readonly envFrom?: readonly RawEnvFrom[] | Absent;
  readonly volumeMounts?: readonly RawMount[] | Absent;
  readonly volumeDevices?: readonly { readonly devicePath?: string }[] | Absent;
}

export interface RawEnv {
  readonly name: string;
  readonly value?: string | Absent;
  readonly valueFrom?: unknown;
}

export interface RawEnvFrom {
  readonly prefix?: string | Absent;
  readonly secretRef?: RawSourceRef | Absent;
  readonly configMapRef?: RawSourceRef | Absent;
}

export interface RawSourceRef {
  readonly name?: string;
  readonly optional?: boolean;
}

export interface RawMount {
  readonly name: string;
  readonly mountPath: string;
  readonly readOnly?: boolean | Absent;
  readonly subPath?: string | Absent;
  readonly subPathExpr?: string | Absent;
}

export interface RawVolume {
  readonly name: string;
  readonly [source: string]: unknown;
}

/** The lists of a Pod's spec that hold containers. */
export type ContainerList = 'containers' | 'initContainers' | 'ephemeralContainers';

/** What a container is for. A sidecar is an init container that keeps running (KEP-753). */
export type ContainerClass = 'main' | 'init' | 'sidecar' | 'ephemeral';

/** One container and where it stands. */
export interface ContainerSlot {
  readonly list: ContainerList;
  readonly index: number;
  readonly class: ContainerClass;
  readonly container: RawContainer;
}

/** Main containers first, then init containers and sidecars. Ephemeral ones can not be there at creation. */
export function containerSlots(pod: RawPod): readonly ContainerSlot[] {
  const slots: ContainerSlot[] = [];
  for (const list of ['containers', 'initContainers'] as const) {
    const containers = listOf(pod.spec?.[list]);
    for (let index = 0; index < containers.length; index++) {
      const container = containers[index];
      if (container !== undefined) slots.push(slot(list, index, container));
    }
  }
  return slots;
}

/** The ephemeral containers of a Pod that are not yet in `before`. */
export function addedEphemeralSlots(pod: RawPod, before: RawPod | undefined): readonly ContainerSlot[] {
  const known = new Set(listOf(before?.spec?.ephemeralContainers).map(({ name }) => name));
  return listOf(pod.spec?.ephemeralContainers)
    .map((container, index) => slot('ephemeralContainers', index, container))
    .filter(({ container }) => !known.has(container.name));
}

/** The elements of a list that may be absent or null, as Go clients write it. */
export function listOf<T>(list: readonly T[] | Absent): readonly T[] {
  return Array.isArray(list) ? list : [];
}

export function isWindows(pod: RawPod): boolean {
  return pod.spec?.os?.name === 'windows';
}

function slot(list: ContainerList, index: number, container: RawContainer): ContainerSlot {
  return { list, index, class: classOf(list, container), container };
}

function classOf(list: ContainerList, container: RawContainer): ContainerClass {
  if (list === 'containers') return 'main';
  if (list === 'ephemeralContainers') return 'ephemeral';
  return container.restartPolicy === 'Always' ? 'sidecar' : 'init';
}
