import type { StoredChange, StoredObject } from './stored-object.ts';

/** Which objects a list or watch asks for: namespace, label selector (equality and existence), field selector. */
export interface Selection {
  readonly namespace: string | undefined;
  readonly labelSelector: string | undefined;
  readonly fieldSelector: string | undefined;
}

export function matches(selection: Selection, object: StoredObject): boolean {
  if (selection.namespace !== undefined && object.metadata.namespace !== selection.namespace) return false;
  const labels = object.metadata.labels ?? {};
  const fieldValue = (path: string): unknown =>
    path
      .split('.')
      .reduce<unknown>((value, part) => (value as Record<string, unknown> | undefined)?.[part], object);
  return (
    terms(selection.labelSelector).every((term) => holds(term, (key) => labels[key])) &&
    terms(selection.fieldSelector).every((term) => holds(term, fieldValue))
  );
}

/** A change as somebody with this selection sees it: an object can enter and leave the selection. */
export function visibleChange(
  selection: Selection,
  change: StoredChange,
): { type: StoredChange['type']; object: StoredObject } | undefined {
  const was = change.previous !== undefined && matches(selection, change.previous);
  const is = change.type !== 'DELETED' && matches(selection, change.object);
  if (is) return { type: was ? 'MODIFIED' : 'ADDED', object: change.object };
  if (!was) return undefined;
  // The old state, at the version of the change, as kube-apiserver does.
  const last = change.type === 'DELETED' ? change.object : change.previous;
  if (last === undefined) return undefined;
  const metadata = { ...last.metadata, resourceVersion: String(change.version) };
  return { type: 'DELETED', object: { ...last, metadata } };
}

function terms(selector: string | undefined): readonly string[] {
  return (selector ?? '').split(',').filter(Boolean);
}

function holds(term: string, valueOf: (key: string) => unknown): boolean {
  const [, key = '', operator, value] = /^([^=!]+)(!=|==|=)?(.*)$/.exec(term) ?? [];
  if (term.startsWith('!')) return valueOf(term.slice(1)) === undefined;
  if (operator === undefined) return valueOf(key) !== undefined;
  return operator === '!=' ? valueOf(key) !== value : valueOf(key) === value;
}
