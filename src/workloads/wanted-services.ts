import { generatedName } from '../api/names.ts';
import { parseExact, isObject, type JsonObject } from '../base/json.ts';
import { parseAnnotations } from '../injection/annotations.ts';
import { parametersSecret } from '../injection/parameters.ts';
import type { BindingRequest } from '../injection/request.ts';
import type { Workload } from './workload.ts';

/** Parameters as an instance or a binding takes them. */
export interface WantedParameters {
  readonly parameters?: JsonObject;
  readonly parametersFrom?: readonly {
    readonly secretKeyRef: { readonly name: string; readonly key: string };
  }[];
}

interface Wanted extends WantedParameters {
  readonly name: string;
  /** The annotation's value. */
  readonly source: string;
  /** Who asks for it. */
  readonly askedBy: readonly Workload[];
}

/** An instance that annotations ask for: `request/<class>/<plan>`. */
export interface WantedInstance extends Wanted {
  readonly class: string;
  readonly plan: string;
}

/** A binding that annotations ask for: `request/<class>/<plan>` or `instance/<i>`. */
export interface WantedBinding extends Wanted {
  readonly instance: string;
}

export interface WantedServices {
  /** False when somebody asks for something that can not be understood: what that is nobody knows. */
  readonly isComplete: boolean;
  readonly instances: ReadonlyMap<string, WantedInstance>;
  readonly bindings: ReadonlyMap<string, WantedBinding>;
}

/** What the workloads of one namespace need, each thing once: equal requests share an instance and a binding. */
export function wantedServices(workloads: readonly Workload[]): WantedServices {
  return servicesFor(workloads, ({ bindingAnnotations }) => bindingAnnotations);
}

/** The part of it that was admitted, so that it may be made. Where nobody looks at workloads, that is nothing. */
export function admittedServices(workloads: readonly Workload[], isServed: boolean): WantedServices {
  return servicesFor(isServed ? workloads : [], ({ templateAnnotations }) => templateAnnotations);
}

function servicesFor(
  workloads: readonly Workload[],
  annotationsOf: (workload: Workload) => Readonly<Record<string, string>>,
): WantedServices {
  const instances = new Map<string, WantedInstance>();
  const bindings = new Map<string, WantedBinding>();
  const askers = new Map<string, Workload[]>();
  let isComplete = true;
  for (const workload of workloads) {
    const { requests, problems } = parseAnnotations(annotationsOf(workload));
    isComplete &&= problems.every(({ severity }) => severity === 'warning');
    for (const request of requests) {
      const name = generatedName(request.name, request.sourceText, request.parameters);
      const { source, sourceText } = request;
      const parameters = parametersOf(request);
      const askedBy = askers.get(name) ?? [];
      askers.set(name, askedBy);
      askedBy.push(workload);
      const wanted = { name, source: sourceText, askedBy };
      if (source.kind === 'request') {
        instances.set(name, { ...wanted, class: source.class, plan: source.plan, ...parameters });
        bindings.set(name, { ...wanted, instance: name });
      } else if (source.kind === 'instance') {
        bindings.set(name, { ...wanted, instance: source.instance, ...parameters });
      }
    }
  }
  return { instances, bindings, isComplete };
}

function parametersOf({ parameters }: BindingRequest): WantedParameters {
  if (parameters === '') return {};
  const secretKeyRef = parametersSecret(parameters);
  if (secretKeyRef !== undefined) return { parametersFrom: [{ secretKeyRef }] };
  const inline = parseExact(parameters);
  return isObject(inline) ? { parameters: inline } : {};
}
