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

/** An instance that annotations ask for: `request/<class>/<plan>`. */
export interface WantedInstance extends WantedParameters {
  readonly name: string;
  readonly class: string;
  readonly plan: string;
  /** The annotation's value. */
  readonly source: string;
}

/** A binding that annotations ask for: `request/<class>/<plan>` or `instance/<i>`. */
export interface WantedBinding extends WantedParameters {
  readonly name: string;
  readonly instance: string;
  readonly source: string;
}

export interface WantedServices {
  /** False when somebody asks for something that can not be understood: what that is nobody knows. */
  readonly isComplete: boolean;
  readonly instances: ReadonlyMap<string, WantedInstance>;
  readonly bindings: ReadonlyMap<string, WantedBinding>;
}

/** What the workloads of one namespace need, each thing once: equal requests share an instance and a binding. */
export function wantedServices(workloads: readonly Workload[]): WantedServices {
  return servicesFor(workloads.map(({ bindingAnnotations }) => bindingAnnotations));
}

/** The part of it that was admitted, so that it may be made. Where nobody looks at workloads, that is nothing. */
export function admittedServices(workloads: readonly Workload[], isServed: boolean): WantedServices {
  return servicesFor(isServed ? workloads.map(({ templateAnnotations }) => templateAnnotations) : []);
}

function servicesFor(annotated: readonly Readonly<Record<string, string>>[]): WantedServices {
  const instances = new Map<string, WantedInstance>();
  const bindings = new Map<string, WantedBinding>();
  let isComplete = true;
  for (const annotations of annotated) {
    const { requests, problems } = parseAnnotations(annotations);
    isComplete &&= problems.every(({ severity }) => severity !== 'error');
    for (const request of requests) {
      const name = generatedName(request.name, request.sourceText, request.parameters);
      const { source, sourceText } = request;
      const parameters = parametersOf(request);
      if (source.kind === 'request') {
        instances.set(name, {
          name,
          class: source.class,
          plan: source.plan,
          source: sourceText,
          ...parameters,
        });
        bindings.set(name, { name, instance: name, source: sourceText });
      } else if (source.kind === 'instance') {
        bindings.set(name, { name, instance: source.instance, source: sourceText, ...parameters });
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
