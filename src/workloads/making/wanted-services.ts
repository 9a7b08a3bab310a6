import { isObject, parseExact, type JsonObject } from '../../base/json.ts';
import { parametersSecret } from '../../injection/parameters.ts';
import type { Wish, WishedObject } from '../wishes.ts';
import type { Workload } from '../workload.ts';

/** One wish of one workload. */
export interface Ask {
  readonly workload: Workload;
  readonly wish: Wish;
}

/** A service or a login, and all who ask for it: a service may be shared. */
export interface Wanted extends WishedObject {
  readonly asks: readonly Ask[];
}

interface Asked extends Wanted {
  readonly asks: Ask[];
}

export interface WantedServices {
  /** By their names. */
  readonly instances: ReadonlyMap<string, Wanted>;
  readonly bindings: ReadonlyMap<string, Wanted>;
}

/**
 * What the workloads of one namespace need that was admitted, so that it may be made, each thing once. Where nobody looks at
 * workloads, that is nothing.
 * @param only name of the one instance that is meant, with its logins; all without it
 */
export function admittedServices(
  workloads: readonly Workload[],
  isServed: boolean,
  only?: string,
): WantedServices {
  const instances = new Map<string, Asked>();
  const bindings = new Map<string, Asked>();
  for (const workload of isServed ? workloads : []) {
    for (const wish of workload.admitted.list) {
      if (only !== undefined && wish.instance !== only) continue;
      add(bindings, wish.login, { workload, wish });
      if (wish.request !== undefined) add(instances, wish.request, { workload, wish });
    }
  }
  return { instances, bindings };
}

function add(to: Map<string, Asked>, { name, mark }: WishedObject, ask: Ask): void {
  const known = to.get(name);
  if (known === undefined) to.set(name, { name, mark, asks: [ask] });
  else known.asks.push(ask);
}

/** Parameters as an instance or a binding takes them. */
export interface WantedParameters {
  readonly parameters?: JsonObject;
  readonly parametersFrom?: readonly {
    readonly secretKeyRef: { readonly name: string; readonly key: string };
  }[];
}

export function parametersOf({ parameters }: Pick<Wish, 'parameters'>): WantedParameters {
  if (parameters === '') return {};
  const secretKeyRef = parametersSecret(parameters);
  if (secretKeyRef !== undefined) return { parametersFrom: [{ secretKeyRef }] };
  const inline = parseExact(parameters);
  return isObject(inline) ? { parameters: inline } : {};
}
