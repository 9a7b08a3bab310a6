import { injectedAnnotation } from '../api/group.ts';
import { rootVariable } from './mount-path.ts';
import type { ContainerAdditions } from './container-draft.ts';
import type { Plan } from './plan.ts';
import type { RawPod } from './pod.ts';

/** A JSON patch operation (RFC 6902). On a member that exists, `add` sets its value. */
export interface AddOperation {
  readonly op: 'add';
  readonly path: string;
  readonly value: unknown;
}

/** Nearly every patch has it. */
const statusPath = pointer(['metadata', 'annotations', injectedAnnotation]);

/**
 * The operations that carry out a plan. They only add, so that fields which nobody here knows stay as they are, and
 * each list is made once where it is absent. An empty plan gives no operations.
 */
export function patch(plan: Plan, pod: RawPod): readonly AddOperation[] {
  const operations: AddOperation[] = [];
  const { spec } = pod;
  addAnnotations(operations, pod.metadata?.annotations, plan.annotations);
  append(operations, '/spec/volumes', spec?.volumes, plan.volumes);
  for (const additions of plan.containers) addToContainer(operations, additions);
  const gates = (spec as { readonly schedulingGates?: unknown } | null | undefined)?.schedulingGates;
  append(operations, '/spec/schedulingGates', gates, plan.schedulingGates);
  return operations;
}

function addAnnotations(
  operations: AddOperation[],
  existing: object | null | undefined,
  annotations: Readonly<Record<string, string>>,
): void {
  const entries = Object.entries(annotations);
  if (entries.length === 0) return;
  if (!existing) {
    operations.push({ op: 'add', path: '/metadata/annotations', value: annotations });
    return;
  }
  for (const [key, value] of entries) {
    const path = key === injectedAnnotation ? statusPath : pointer(['metadata', 'annotations', key]);
    operations.push({ op: 'add', path, value });
  }
}

function addToContainer(operations: AddOperation[], additions: ContainerAdditions): void {
  const { slot, root, env, envFrom, mounts } = additions;
  const at = `/spec/${slot.list}/${slot.index}`;
  append(operations, `${at}/volumeMounts`, slot.container.volumeMounts, mounts);
  append(operations, `${at}/envFrom`, slot.container.envFrom, envFrom);
  if (root === undefined) {
    append(operations, `${at}/env`, slot.container.env, env);
    return;
  }
  const rootEntry = { name: rootVariable, value: root };
  if (!Array.isArray(slot.container.env)) {
    operations.push({ op: 'add', path: `${at}/env`, value: [rootEntry, ...env] });
    return;
  }
  // First, so that the user's entries can refer to it: $(NAME) only sees what was defined before.
  operations.push({ op: 'add', path: `${at}/env/0`, value: rootEntry });
  append(operations, `${at}/env`, slot.container.env, env);
}

function append(
  operations: AddOperation[],
  path: string,
  existing: unknown,
  items: readonly unknown[],
): void {
  if (items.length === 0) return;
  if (!Array.isArray(existing)) {
    operations.push({ op: 'add', path, value: items });
    return;
  }
  const end = `${path}/-`;
  for (const item of items) operations.push({ op: 'add', path: end, value: item });
}

/** A JSON pointer (RFC 6901) to the place that these keys lead to. */
export function pointer(keys: readonly (string | number)[]): string {
  let path = '';
  for (const key of keys) path += `/${typeof key === 'number' ? key : escape(key)}`;
  return path;
}

/** `~` first, or the escapes of slashes would be escaped again. */
function escape(key: string): string {
  return /[~/]/.test(key) ? key.replaceAll('~', '~0').replaceAll('/', '~1') : key;
}
