import type { Conflict } from './conflict.ts';
import { bindingRoot, joinPath, pathParts, rootVariable, tidyPath, type BindingRoot } from './mount-path.ts';
import { MountTree, type Surroundings } from './mount-tree.ts';
import { NamedList } from './named-list.ts';
import {
  listOf,
  type ContainerSlot,
  type RawContainer,
  type RawEnv,
  type RawEnvFrom,
  type RawMount,
} from './pod.ts';
import { sameContent } from './same-content.ts';

/** Reports that something can not be added. */
export type Report = (conflict: Omit<Conflict, 'binding'>) => void;

/** What the plan adds to one container. `root` is the value of SERVICE_BINDING_ROOT, which has to come first. */
export interface ContainerAdditions {
  readonly slot: ContainerSlot;
  readonly root?: string;
  readonly env: readonly RawEnv[];
  readonly envFrom: readonly RawEnvFrom[];
  readonly mounts: readonly RawMount[];
}

const isDevice = 'is the path of a device of the Pod';

/** What a container has to know of the Pod that it is in. */
export interface DraftSurroundings {
  readonly windows: boolean;
  /** True for a volume, of the Pod as it will be, whose content nobody can write. */
  readonly isReadOnlyVolume: (name: string) => boolean;
  /** Where to put how to take back what has just been added, while that is open. */
  undo: (() => void)[] | undefined;
}

/**
 * A container as it will be: what it has, and what has been added so far. Every wish is compared with both, so that
 * conflicts between the Pod and a binding, and between two bindings, are found in the same way. What the container has is
 * read once, so that a wish costs the same however long the lists are.
 */
export class ContainerDraft {
  readonly slot: ContainerSlot;
  readonly #pod: DraftSurroundings;
  readonly #env = new NamedList<RawEnv>();
  readonly #envFrom: RawEnvFrom[] = [];
  readonly #mounts: RawMount[] = [];
  readonly #added: MountTree;
  #root: string | undefined;
  /** What the container has. */
  #existing: Existing | undefined;
  /** With what is added. */
  #sources: Set<string> | undefined;

  constructor(slot: ContainerSlot, pod: DraftSurroundings) {
    this.slot = slot;
    this.#pod = pod;
    this.#added = new MountTree(pod.windows);
  }

  /** Mounts a binding's volume below the container's own root, and declares the root where it is not. */
  mountBelowRoot(volume: string, directory: string, report: Report): void {
    const { root } = this.#has();
    if (root.kind === 'unknowable') {
      report({
        container: this.slot.container.name,
        field: `env ${rootVariable}`,
        reason: root.reason,
        keepable: true,
      });
      return;
    }
    if (root.kind === 'unset' && this.#root === undefined) {
      this.#root = root.path;
      this.#pod.undo?.push(() => (this.#root = undefined));
    }
    this.mount({ name: volume, mountPath: joinPath(root.path, directory), readOnly: true }, report);
  }

  mount(wanted: RawMount, report: Report): void {
    const mountPath = tidyPath(wanted.mountPath);
    const mount = mountPath === wanted.mountPath ? wanted : { ...wanted, mountPath };
    const { mounts, devices } = this.#has();
    const device = devices?.has(placeOf(mountPath, this.#pod.windows)) === true ? isDevice : undefined;
    const ofPod = this.#standing(mount, mounts.around(mountPath)) ?? device;
    const found = ofPod ?? this.#standing(mount, this.#added.around(mountPath));
    if (found === undefined) {
      this.#mounts.push(mount);
      this.#added.add(mount);
      this.#pod.undo?.push(() => (this.#added.takeBack(), this.#mounts.pop()));
    } else if (found !== 'same') {
      // Two bindings in each other's way are nothing of the user's.
      const keepable = ofPod !== undefined;
      report({
        container: this.slot.container.name,
        field: `mountPath ${mountPath}`,
        reason: found,
        keepable,
      });
    }
  }

  env(wanted: RawEnv, report: Report): void {
    const mine = this.#has().env.get(wanted.name);
    const other = mine ?? this.#env.get(wanted.name);
    if (other === undefined) {
      this.#env.add(wanted);
      this.#pod.undo?.push(() => this.#env.takeBack());
    } else if (!sameContent(other, wanted)) {
      report({
        container: this.slot.container.name,
        field: `env ${wanted.name}`,
        reason: `is wanted from ${originOf(wanted)} and already set by ${mine === undefined ? 'another binding' : 'the Pod'} from ${originOf(other)}`,
        keepable: mine !== undefined,
      });
    }
  }

  envFrom(wanted: RawEnvFrom): void {
    this.#sources ??= new Set(listOf(this.slot.container.envFrom).map(sourceKey));
    const sources = this.#sources;
    const source = sourceKey(wanted);
    if (sources.has(source)) return;
    sources.add(source);
    this.#envFrom.push(wanted);
    this.#pod.undo?.push(() => (this.#envFrom.pop(), sources.delete(source)));
  }

  additions(): ContainerAdditions | undefined {
    const { slot } = this;
    const root = this.#root;
    const env = this.#env.entries;
    const envFrom = this.#envFrom;
    const mounts = this.#mounts;
    if (root !== undefined) return { slot, root, env, envFrom, mounts };
    const isEmpty = env.length + envFrom.length + mounts.length === 0;
    return isEmpty ? undefined : { slot, env, envFrom, mounts };
  }

  #has(): Existing {
    return (this.#existing ??= readContainer(this.slot.container, this.#pod.windows));
  }

  /** What is in the way of a mount: `same` when it is there already, undefined when nothing is. */
  #standing(wanted: RawMount, { same, outer, inner }: Surroundings): string | undefined {
    if (same !== undefined) {
      return sameMount(wanted, same) ? 'same' : `is where the volume "${same.name}" is mounted`;
    }
    // The runtime makes the inner mount point inside the outer mount, which it can not when that is read-only.
    const around = outer.find((other) => this.#isReadOnly(other));
    if (around !== undefined) {
      return `is inside the read-only mount of volume "${around.name}" at ${around.mountPath}`;
    }
    const isHolding = inner !== undefined && this.#isReadOnly(wanted);
    return isHolding ? `holds the mount of volume "${inner.name}" at ${inner.mountPath}` : undefined;
  }

  #isReadOnly({ readOnly, name }: RawMount): boolean {
    return readOnly === true || this.#pod.isReadOnlyVolume(name);
  }
}

/** What a container has, so that it is found by name and by path. */
interface Existing {
  /** Of several entries with one name the process sees the last. */
  readonly env: NamedList<RawEnv>;
  readonly mounts: MountTree;
  readonly devices: ReadonlySet<string> | undefined;
  readonly root: BindingRoot;
}

function readContainer(container: RawContainer, windows: boolean): Existing {
  const mounts = new MountTree(windows);
  for (const mount of listOf(container.volumeMounts)) mounts.add(mount);
  const env = new NamedList(listOf(container.env));
  const devices = listOf(container.volumeDevices);
  return {
    env,
    mounts,
    devices:
      devices.length === 0
        ? undefined
        : new Set(devices.map(({ devicePath = '' }) => placeOf(devicePath, windows))),
    root: bindingRoot(env.get(rootVariable)),
  };
}

function placeOf(path: string, windows: boolean): string {
  return pathParts(path, windows).join('/');
}

function sameMount(wanted: RawMount, other: RawMount): boolean {
  return (
    wanted.name === other.name &&
    (wanted.subPath ?? '') === (other.subPath ?? '') &&
    (wanted.subPathExpr ?? '') === (other.subPathExpr ?? '')
  );
}

/** Two with the same key bring the same variables. */
function sourceKey({ prefix, secretRef, configMapRef }: RawEnvFrom): string {
  return JSON.stringify([prefix ?? '', secretRef?.name ?? '', configMapRef?.name ?? '']);
}

/** Where a variable's value comes from, without the value. */
function originOf({ valueFrom }: RawEnv): string {
  const source = (valueFrom ?? {}) as Readonly<Record<string, { name?: string; key?: string } | undefined>>;
  const secret = source['secretKeyRef'];
  if (secret) return `Secret "${secret.name}" key "${secret.key}"`;
  const configMap = source['configMapKeyRef'];
  if (configMap) return `ConfigMap "${configMap.name}" key "${configMap.key}"`;
  return valueFrom === undefined || valueFrom === null ? 'a value' : 'valueFrom';
}
