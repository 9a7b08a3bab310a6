import { group } from '../api/group.ts';

/** How an instance names its class or its plan: `externalName "postgresql"`. */
export interface Selector {
  readonly by: 'name' | 'externalName' | 'externalID';
  readonly value: string;
}

/** What of a class or a plan helps to choose another one. */
export interface Choice {
  readonly name: string;
  readonly broker: string;
}

/** Names in a message; a catalog may have hundreds. */
const maxNames = 10;

/** Why there is not exactly one class of this kind for the selector, and what to do about it. */
export function unresolvedClass(
  kind: string,
  selector: Selector | undefined,
  found: readonly Choice[],
): string {
  if (selector === undefined) return 'The instance names no class.';
  if (found.length === 0) {
    const all = `kubectl get ${kind.toLowerCase()}es.${group}`;
    return `There is no ${kind} with ${describe(selector)}; it is looked for again when one appears. \`${all}\` lists those that exist.`;
  }
  const brokers = listed(found.map(({ broker }) => broker));
  return `There are ${found.length} ${kind}es with ${describe(selector)}, of the brokers ${brokers}: name one by its Kubernetes name.`;
}

/**
 * Why there is not exactly one plan of the class for the selector, and which there are.
 * @param offered the plans of the class that take instances
 */
export function unresolvedPlan(
  className: string,
  selector: Selector | undefined,
  foundCount: number,
  offered: readonly Choice[],
): string {
  const names = listed(offered.map(({ name }) => name));
  const choice = offered.length === 0 ? 'It has none' : `It has ${names}`;
  if (selector === undefined && offered.length > 1) {
    return `The class ${className} has more than one plan, PlanName must be specified. ${choice}.`;
  }
  if (selector === undefined) {
    return `The instance names no plan, and its class ${className} does not have exactly one. ${choice}.`;
  }
  const count = foundCount === 0 ? 'no plan' : `${foundCount} plans`;
  return `The class ${className} has ${count} with ${describe(selector)}. ${choice}.`;
}

function describe({ by, value }: Selector): string {
  return `${by} "${value}"`;
}

function listed(names: readonly string[]): string {
  const shown = [...new Set(names)].toSorted().slice(0, maxNames);
  const rest = names.length > maxNames ? ` and ${names.length - maxNames} more` : '';
  return `${shown.join(', ')}${rest}`;
}
