const label = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;
/** The webhook leaves these alone. */
const reserved = ['kube-system', 'kube-public', 'kube-node-lease'];

/**
 * The namespaces of a list such as `a,b`, each once, sorted.
 * @param own Bindery's own, which can not be served
 * @throws Error that says what is wrong with the list
 */
export function namespaceList(text: string, own: string): readonly string[] {
  const names = text.split(',').map((name) => name.trim());
  const unfit = names.find((name) => !label.test(name));
  if (unfit !== undefined) throw new Error(`"${unfit}" is no name of a namespace; write names such as a,b`);
  const refused = names.find((name) => name === own || reserved.includes(name));
  if (refused !== undefined) throw new Error(`nothing is served in "${refused}"`);
  return Object.freeze([...new Set(names)].sort());
}
