import { printable } from '../base/printable.ts';
import { userSpecifiedNames } from './resolve.ts';

/** An instance or a binding, as far as it says what a broker may have of it. */
export interface Abandonable {
  readonly spec: object & { readonly externalID?: string; readonly instanceRef?: { readonly name: string } };
  readonly status?: {
    readonly instanceID?: string;
    readonly bindingID?: string;
    readonly externalProperties?: object | null;
    readonly inProgressProperties?: object | null;
    readonly replacedBindings?: readonly { readonly bindingID: string }[] | null;
  };
}

interface Properties {
  readonly instanceID?: string;
  readonly serviceID?: string;
  readonly planID?: string;
  readonly broker?: { readonly kind: string; readonly name: string };
}

/**
 * What stays at a broker that is told nothing: enough for whoever runs it to find it. As the object itself says it, by what was
 * sent last, or confirmed.
 */
export function abandonedWith({ spec, status = {} }: Abandonable): string {
  const properties: Properties = status.externalProperties ?? status.inProgressProperties ?? {};
  const { serviceID, planID, broker } = properties;
  const id = status.instanceID ?? status.bindingID ?? spec.externalID ?? '';
  const older = status.replacedBindings?.map(({ bindingID }) => bindingID).slice(0, maxOlder) ?? [];
  const parts = [
    `id "${id}"`,
    ...told('replaced logins', older),
    ...placeOf(spec, properties),
    ...told('service id', [serviceID]),
    ...told('plan id', [planID]),
    `at ${broker === undefined ? 'its broker' : `${broker.kind} "${broker.name}"`}`,
  ];
  return printable(parts.join(', '));
}

const maxOlder = 5;

function told(what: string, names: readonly (string | undefined)[]): readonly string[] {
  const known = names.filter((name) => name !== undefined);
  return known.length === 0 ? [] : [`${what} ${known.map((name) => `"${name}"`).join(', ')}`];
}

function placeOf(spec: Abandonable['spec'], { instanceID }: Properties): readonly string[] {
  if (spec.instanceRef !== undefined) {
    const ofId = instanceID === undefined ? '' : ` (id "${instanceID}")`;
    return [`of the instance "${spec.instanceRef.name}"${ofId}`];
  }
  const names = userSpecifiedNames(spec);
  return [`class "${names.class}"`, `plan "${names.plan}"`];
}
