import { pathParts } from './mount-path.ts';
import type { RawMount } from './pod.ts';

interface Directory {
  mount?: RawMount | undefined;
  /** The first mount somewhere below. */
  inner?: RawMount | undefined;
  children?: Map<string, Directory>;
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

/**
 * Mounts of a container as a tree of directories: what is at a path, around it and inside of it is found in as many steps
 * as the path has parts, however many mounts there are.
 */
export class MountTree {
  readonly #root: Directory = {};
  readonly #windows: boolean;
  #isEmpty = true;

  constructor(windows: boolean) {
    this.#windows = windows;
  }

  /** Of several mounts at one path the first counts. Returns how to take this one away again, while it is the last. */
  add(mount: RawMount): () => void {
    this.#isEmpty = false;
    const around: Directory[] = [];
    let directory = this.#root;
    for (const part of pathParts(mount.mountPath, this.#windows)) {
      if (directory.inner === undefined) {
        directory.inner = mount;
        around.push(directory);
      }
      directory.children ??= new Map();
      let child = directory.children.get(part);
      if (child === undefined) directory.children.set(part, (child = {}));
      directory = child;
    }
    const target = directory;
    const isFirst = target.mount === undefined;
    target.mount ??= mount;
    return () => {
      for (const outer of around) outer.inner = undefined;
      if (isFirst) target.mount = undefined;
    };
  }

  around(path: string): Surroundings {
    if (this.#isEmpty) return nothing;
    const outer: RawMount[] = [];
    let directory = this.#root;
    for (const part of pathParts(path, this.#windows)) {
      if (directory.mount !== undefined) outer.push(directory.mount);
      const child = directory.children?.get(part);
      if (child === undefined) return { same: undefined, outer, inner: undefined };
      directory = child;
    }
    return { same: directory.mount, outer, inner: directory.inner };
  }
}
