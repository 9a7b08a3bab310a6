import { isObject, parseExact, type JsonObject } from '../base/json.ts';
import { parametersSecret } from '../injection/parameters.ts';
import type { Wish, Wishes } from './wishes.ts';
import type { Workload } from './workload.ts';

/** What workloads ask for, and which ones do. */
export interface Wanted extends Wish {
  readonly askedBy: readonly Workload[];
}

export interface WantedInstance extends Wanted {
  readonly request: NonNullable<Wish['request']>;
}

export interface WantedServices {
  /** False when somebody asks for something that can not be understood. */
  readonly isComplete: boolean;
  readonly instances: ReadonlyMap<string, WantedInstance>;
  readonly bindings: ReadonlyMap<string, Wanted>;
}

/** What the workloads of one namespace need, each thing once: equal requests share an instance and a binding. */
export function wantedServices(workloads: readonly Workload[]): WantedServices {
  return servicesFor(workloads, ({ kept }) => kept);
}

/** The part of it that was admitted, so that it may be made. Where nobody looks at workloads, that is nothing. */
export function admittedServices(workloads: readonly Workload[], isServed: boolean): WantedServices {
  return servicesFor(isServed ? workloads : [], ({ admitted }) => admitted);
}

function servicesFor(workloads: readonly Workload[], of: (workload: Workload) => Wishes): WantedServices {
  const instances = new Map<string, WantedInstance>();
  const bindings = new Map<string, Wanted>();
  let isComplete = true;
  for (const workload of workloads) {
    const wishes = of(workload);
    isComplete &&= wishes.isComplete;
    for (const wish of wishes.list) {
      const add = <K extends Wanted>(to: Map<string, K>, name: string, wanted: K): void => {
        const known = to.get(name);
        to.set(name, { ...wanted, askedBy: [...(known?.askedBy ?? []), workload] });
      };
      add(bindings, wish.login.name, { ...wish, askedBy: [] });
      if (wish.request !== undefined)
        add(instances, wish.request.name, { ...wish, request: wish.request, askedBy: [] });
    }
  }
  return { instances, bindings, isComplete };
}

/** Parameters as an instance or a binding takes them. */
export interface WantedParameters {
  readonly parameters?: JsonObject;
  readonly parametersFrom?: readonly {
    readonly secretKeyRef: { readonly name: string; readonly key: string };
  }[];
}

export function parametersOf({ parameters }: Wish): WantedParameters {
  if (parameters === '') return {};
  const secretKeyRef = parametersSecret(parameters);
  if (secretKeyRef !== undefined) return { parametersFrom: [{ secretKeyRef }] };
  const inline = parseExact(parameters);
  return isObject(inline) ? { parameters: inline } : {};
}
