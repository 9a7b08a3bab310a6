/**
 * Which annotations of namespaces and instances a broker gets to see in the OSB context. A broker is a remote party of
 * limited trust and annotations are everybody's notebook, so whoever registers it names them: keys, and beginnings
 * of keys with a `*` at their end, separated by commas. Without a list nothing is shown.
 */
export type ContextAnnotations = (
  annotations: Readonly<Record<string, string>> | undefined,
) => Readonly<Record<string, string>>;

/** Holds the parameters of the instance, and changes with every `kubectl apply`. */
const neverShown = 'kubectl.kubernetes.io/last-applied-configuration';

/** What is wrong with a list, if anything. */
export function contextAnnotationsProblem(list: string): string | undefined {
  const bad = patternsOf(list).find((pattern) => !/^[^*\s]*\*?$/.test(pattern));
  return bad === undefined
    ? undefined
    : `"${bad}" is neither a key nor the beginning of one with a * at its end`;
}

/** Undefined when the broker is shown none at all. */
export function contextAnnotations(list: string | undefined): ContextAnnotations | undefined {
  const patterns = patternsOf(list ?? '');
  if (patterns.length === 0) return undefined;
  const isShown = (key: string): boolean =>
    key !== neverShown &&
    patterns.some((pattern) =>
      pattern.endsWith('*') ? key.startsWith(pattern.slice(0, -1)) : key === pattern,
    );
  return (annotations) =>
    Object.fromEntries(Object.entries(annotations ?? {}).filter(([key]) => isShown(key)));
}

function patternsOf(list: string): readonly string[] {
  return list
    .split(',')
    .map((pattern) => pattern.trim())
    .filter((pattern) => pattern !== '');
}
