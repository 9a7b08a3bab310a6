/**
 * Remembers what a pure function said of an object, for as long as the object lives. The Pods of a workload ask for
 * the same bindings word for word, so their requests are the same objects, and nothing of them has to be hashed twice.
 */
export function memoized<K extends object, V>(compute: (key: K) => V): (key: K) => V {
  const known = new WeakMap<K, V>();
  return (key) => {
    const remembered = known.get(key);
    if (remembered !== undefined) return remembered;
    const value = compute(key);
    known.set(key, value);
    return value;
  };
}
