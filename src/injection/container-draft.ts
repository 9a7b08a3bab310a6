import { bindingRoot, rootVariable } from './binding-root.ts';
import type { Conflict } from './conflict.ts';
import { joinPath, pathRelation, tidyPath } from './mount-path.ts';
import {
  listOf,
  type ContainerSlot,
  type RawEnv,
  type RawEnvFrom,
  type RawMount,
  type RawVolume,
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

/** Volumes whose content nobody can write, so that no mount point can be made below them. */
const readOnlySources = ['secret', 'configMap', 'downwardAPI', 'projected'] as const;

/**
 * A container as it will be: what it has, and what has been added so far. Every wish is compared with both, so that
 * conflicts between the Pod and a binding, and between two bindings, are found in the same way.
 */
export class ContainerDraft {
  readonly slot: ContainerSlot;
  readonly #volumes: () => readonly RawVolume[];
  readonly #windows: boolean;
  readonly #env: RawEnv[] = [];
  readonly #envFrom: RawEnvFrom[] = [];
  readonly #mounts: RawMount[] = [];
  #root: string | undefined;

  /** @param volumes the volumes of the Pod as it will be */
  constructor(slot: ContainerSlot, volumes: () => readonly RawVolume[], windows: boolean) {
    this.slot = slot;
    this.#volumes = volumes;
    this.#windows = windows;
  }

  /** Mounts a binding's volume below the container's own root, and declares the root where it is not. */
  mountBelowRoot(volume: string, directory: string, report: Report): void {
    const { container } = this.slot;
    const root = bindingRoot(listOf(container.env));
    if (root.kind === 'unknowable') {
      report({
        container: container.name,
        field: `env ${rootVariable}`,
        reason: root.reason,
        keepable: true,
      });
      return;
    }
    if (root.kind === 'unset') this.#root = root.path;
    this.mount({ name: volume, mountPath: joinPath(root.path, directory), readOnly: true }, report);
  }

  mount(wanted: RawMount, report: Report): void {
    const mountPath = tidyPath(wanted.mountPath);
    const mount = mountPath === wanted.mountPath ? wanted : { ...wanted, mountPath };
    const { container } = this.slot;
    const existing = this.#standing(mount, listOf(container.volumeMounts));
    const found = existing ?? this.#standing(mount, this.#mounts) ?? this.#device(mountPath);
    if (found === undefined) this.#mounts.push(mount);
    else if (found !== 'same') {
      report({
        container: container.name,
        field: `mountPath ${mountPath}`,
        reason: found,
        // Two bindings in each other's way are nothing of the user's.
        keepable: existing !== undefined || this.#standing(mount, this.#mounts) === undefined,
      });
    }
  }

  env(wanted: RawEnv, report: Report): void {
    // Of several entries with one name the process sees the last.
    const mine = lastOf(listOf(this.slot.container.env), wanted.name);
    const other = mine ?? lastOf(this.#env, wanted.name);
    if (other === undefined) this.#env.push(wanted);
    else if (!sameContent(other, wanted)) {
      report({
        container: this.slot.container.name,
        field: `env ${wanted.name}`,
        reason: `is wanted from ${originOf(wanted)} and already set by ${mine === undefined ? 'another binding' : 'the Pod'} from ${originOf(other)}`,
        keepable: mine !== undefined,
      });
    }
  }

  envFrom(wanted: RawEnvFrom): void {
    const isSame = (other: RawEnvFrom): boolean => sameSource(other, wanted);
    if (!listOf(this.slot.container.envFrom).some(isSame) && !this.#envFrom.some(isSame)) {
      this.#envFrom.push(wanted);
    }
  }

  additions(): ContainerAdditions | undefined {
    const additions = { slot: this.slot, env: this.#env, envFrom: this.#envFrom, mounts: this.#mounts };
    if (this.#root !== undefined) return { ...additions, root: this.#root };
    const isEmpty = this.#env.length + this.#envFrom.length + this.#mounts.length === 0;
    return isEmpty ? undefined : additions;
  }

  /** What the first of these mounts is to the wanted one: undefined when they are all apart. */
  #standing(wanted: RawMount, mounts: readonly RawMount[]): string | undefined {
    for (const other of mounts) {
      const found = this.#compareMounts(wanted, other);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  #device(mountPath: string): string | undefined {
    for (const { devicePath = '' } of listOf(this.slot.container.volumeDevices)) {
      const isSame = pathRelation(mountPath, devicePath, this.#windows) === 'same';
      if (isSame) return 'is the path of a device of the Pod';
    }
    return undefined;
  }

  #compareMounts(mount: RawMount, other: RawMount): string | undefined {
    const relation = pathRelation(mount.mountPath, other.mountPath, this.#windows);
    if (relation === 'apart') return undefined;
    if (relation === 'same') {
      return sameMount(mount, other) ? 'same' : `is where the volume "${other.name}" is mounted`;
    }
    // The runtime makes the inner mount point inside the outer mount, which it can not when that is read-only.
    const outer = relation === 'parent' ? mount : other;
    if (!this.#isReadOnly(outer)) return undefined;
    return relation === 'parent'
      ? `holds the mount of volume "${other.name}" at ${other.mountPath}`
      : `is inside the read-only mount of volume "${other.name}" at ${other.mountPath}`;
  }

  #isReadOnly(mount: RawMount): boolean {
    if (mount.readOnly === true) return true;
    const volume = this.#volumes().find(({ name }) => name === mount.name);
    return volume !== undefined && readOnlySources.some((source) => volume[source] !== undefined);
  }
}

function lastOf(entries: readonly RawEnv[], name: string): RawEnv | undefined {
  for (let index = entries.length - 1; index >= 0; index--) {
    if (entries[index]?.name === name) return entries[index];
  }
  return undefined;
}

function sameMount(wanted: RawMount, other: RawMount): boolean {
  return (
    wanted.name === other.name &&
    (wanted.subPath ?? '') === (other.subPath ?? '') &&
    (wanted.subPathExpr ?? '') === (other.subPathExpr ?? '')
  );
}

function sameSource(left: RawEnvFrom, right: RawEnvFrom): boolean {
  return (
    (left.prefix ?? '') === (right.prefix ?? '') &&
    left.secretRef?.name === right.secretRef?.name &&
    left.configMapRef?.name === right.configMapRef?.name
  );
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
