import { pathParts } from './mount-path.ts';
import type { RawMount } from './pod.ts';

interface Directory {
  mount?: RawMount | undefined;
  /** The first mount somewhere below. */
  inner?: RawMount | undefined;
  children?: Map<string, Directory>;
}

/** A mount, the names on the way to it, and what it has changed in the tree. */
interface Entry {
  readonly mount: RawMount;
  readonly parts: readonly string[];
  /** The directory where it is the mount that counts. */
  place?: Directory;
  /** Directories of which it is the first mount below. */
  around?: readonly Directory[];
}

/** What of the mounts has to do with one path. */
export interface Surroundings {
  readonly same: RawMount | undefined;
  /** Mounts that the path is inside of, the outermost first. */
  readonly outer: readonly RawMount[];
  /** One that is inside of the path. */
  readonly inner: RawMount | undefined;
}

const nothing: Surroundings = { same: undefined, outer: [], inner: undefined };
/** For so few a tree costs more than to look at them. */
const shortList = 16;

/**
 * Mounts of a container as a tree of directories: what is at a path, around it and inside of it is found in as many steps
 * as the path has parts, however many mounts there are. Of several mounts at one path the first counts.
 */
export class MountTree {
  readonly #windows: boolean;
  readonly #entries: Entry[] = [];
  #root: Directory | undefined;

  constructor(windows: boolean) {
    this.#windows = windows;
  }

  add(mount: RawMount): void {
    const entry = { mount, parts: pathParts(mount.mountPath, this.#windows) };
    this.#entries.push(entry);
    if (this.#root !== undefined) grow(this.#root, entry);
  }

  /** Takes back what was added last. */
  takeBack(): void {
    const last = this.#entries.pop();
    for (const outer of last?.around ?? []) outer.inner = undefined;
    if (last?.place !== undefined) last.place.mount = undefined;
  }

  around(path: string): Surroundings {
    if (this.#entries.length === 0) return nothing;
    const parts = pathParts(path, this.#windows);
    if (this.#entries.length <= shortList) return compared(this.#entries, parts);
    return found(this.#tree(), parts);
  }

  #tree(): Directory {
    if (this.#root !== undefined) return this.#root;
    const root: Directory = {};
    for (const entry of this.#entries) grow(root, entry);
    this.#root = root;
    return root;
  }
}

function grow(root: Directory, entry: Entry): void {
  const around: Directory[] = [];
  let directory = root;
  for (const part of entry.parts) {
    if (directory.inner === undefined) {
      directory.inner = entry.mount;
      around.push(directory);
    }
    directory.children ??= new Map();
    let child = directory.children.get(part);
    if (child === undefined) directory.children.set(part, (child = {}));
    directory = child;
  }
  entry.around = around;
  if (directory.mount !== undefined) return;
  directory.mount = entry.mount;
  entry.place = directory;
}

function found(root: Directory, parts: readonly string[]): Surroundings {
  const outer: RawMount[] = [];
  let directory = root;
  for (const part of parts) {
    if (directory.mount !== undefined) outer.push(directory.mount);
    const child = directory.children?.get(part);
    if (child === undefined) return { same: undefined, outer, inner: undefined };
    directory = child;
  }
  return { same: directory.mount, outer, inner: directory.inner };
}

/** The same without a tree. */
function compared(entries: readonly Entry[], path: readonly string[]): Surroundings {
  const related = entries.filter(({ parts }) => isBeginning(parts, path));
  if (related.length === 0) return nothing;
  const outer: (RawMount | undefined)[] = [];
  for (const { mount, parts } of related) if (parts.length < path.length) outer[parts.length] ??= mount;
  return {
    same: related.find(({ parts }) => parts.length === path.length)?.mount,
    outer: outer.filter((mount) => mount !== undefined),
    inner: related.find(({ parts }) => parts.length > path.length)?.mount,
  };
}

/** Whether the shorter of the two is what the longer begins with. */
function isBeginning(left: readonly string[], right: readonly string[]): boolean {
  const length = Math.min(left.length, right.length);
  for (let at = 0; at < length; at++) if (left[at] !== right[at]) return false;
  return true;
}
