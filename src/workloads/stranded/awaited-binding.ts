import { bindingSeenAnnotation, injectedAnnotation } from '../../api/group.ts';
import type { InjectedBinding } from '../../injection/apply-requests.ts';
import { mostBindings } from '../../injection/limits.ts';
import type { Annotations } from '../../injection/pod.ts';

/** A binding for whose credentials a Pod waits. */
export interface AwaitedBinding {
  /** Name of its directory. */
  readonly name: string;
  /** The ServiceBinding. */
  readonly binding: string;
  /** The Secret that the Pod was given: it never changes. */
  readonly secret: string;
  /** The ServiceBinding was there: the webhook knew it, or it came later and that was noted. */
  readonly wasKnown: boolean;
}

const none: readonly AwaitedBinding[] = [];

/** Read from what the webhook has noted on the Pod. Anybody may have written there: what can not be read is none. */
export function awaitedBindings(annotations: Annotations | null | undefined): readonly AwaitedBinding[] {
  const text = annotations?.[injectedAnnotation];
  // Most Pods that start wait for nothing of the kind.
  if (!text?.includes('"awaits"')) return none;
  const seen = annotations?.[bindingSeenAnnotation]?.split(',') ?? [];
  const found = entriesIn(text).flatMap(({ name, awaits, secret, isUnknown }) =>
    isName(name) && isName(awaits) && isName(secret)
      ? [{ name, binding: awaits, secret, wasKnown: isUnknown !== true || seen.includes(awaits) }]
      : [],
  );
  return found.length === 0 ? none : found.slice(0, mostBindings.bindings);
}

type Unsure = { readonly [key in keyof InjectedBinding]?: unknown };

function entriesIn(text: string): readonly Unsure[] {
  try {
    const status = JSON.parse(text) as { readonly bindings?: unknown } | null;
    const list: readonly unknown[] = Array.isArray(status?.bindings) ? status.bindings : [];
    return list.filter((entry): entry is Unsure => typeof entry === 'object' && entry !== null);
  } catch {
    return [];
  }
}

/** Kubernetes: DNS subdomain names. */
const maxNameLength = 253;

function isName(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && value.length <= maxNameLength;
}
