import { isAbsolute, tidyPath } from './mount-path.ts';
import type { RawEnv } from './pod.ts';

/** The variable by which applications find their bindings (servicebinding.io). */
export const rootVariable = 'SERVICE_BINDING_ROOT';

const defaultRoot = '/bindings';

/** Where one container expects its bindings. */
export type BindingRoot =
  | { readonly kind: 'set'; readonly path: string }
  /** The container has no such variable; it is to be added with this path. */
  | { readonly kind: 'unset'; readonly path: string }
  | { readonly kind: 'unknowable'; readonly reason: string };

/**
 * The root in a container's environment. A value that is there is respected and never changed; of several entries
 * the last one counts, as for the process. A value that only the kubelet can know can not be mounted at.
 */
export function bindingRoot(env: readonly RawEnv[]): BindingRoot {
  const entry = env.findLast(isRoot);
  if (entry === undefined) return { kind: 'unset', path: defaultRoot };
  if (entry.valueFrom !== undefined && entry.valueFrom !== null) {
    return unknowable('is set by valueFrom, so the path is not known at admission');
  }
  const value = entry.value ?? '';
  if (value.includes('$('))
    return unknowable('refers to another variable, so the path is not known at admission');
  if (!isAbsolute(value)) return unknowable(value === '' ? 'is empty' : 'is not an absolute path');
  return { kind: 'set', path: tidyPath(value) };
}

function unknowable(reason: string): BindingRoot {
  return { kind: 'unknowable', reason };
}

function isRoot({ name }: RawEnv): boolean {
  return name === rootVariable;
}
