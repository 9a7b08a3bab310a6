import type { ServiceInstancePropertiesState } from '../api/generated/service-instance.ts';
import { JsonText } from '../base/json-text.ts';
import { isObject, jsonEqual, type JsonObject } from '../base/json.ts';
import { recordedPlan } from '../model/recorded-plan.ts';
import type { FetchedInstance } from '../osb/types.ts';

/** In what the service at the broker is not what the broker was told. */
export interface Differences {
  /** The plan that the broker shows. */
  readonly planId: string | undefined;
  /** Paths of parameters, never values: what a broker shows may be secret. */
  readonly parameters: readonly string[];
}

type Known = ServiceInstancePropertiesState;

/**
 * Compares what a broker shows with what is on record. Only what both say counts: brokers leave parameters out, and add
 * defaults. Values from Secrets are not on record, nor are large parameters.
 * @param attempted what was asked for as well, where nobody knows whether the broker has carried it out
 */
export function differences(
  confirmed: Known,
  attempted: Known | undefined,
  { planId, parameters }: FetchedInstance,
): Differences {
  const known = attempted === undefined ? [confirmed] : [confirmed, attempted];
  const isPlan = planId === undefined || known.some((each) => recordedPlan(each) === planId);
  const shown = plain(parameters);
  const [first = [], ...others] = known.map((each) => differing(each.parameters ?? {}, shown));
  return {
    planId: isPlan ? undefined : planId,
    parameters: others.some(({ length }) => length === 0) ? [] : first,
  };
}

const unknown: readonly unknown[] = ['<redacted>'];

function differing(known: object, shown: JsonObject, path: readonly string[] = []): readonly string[] {
  return Object.entries(known).flatMap(([name, value]) => {
    if (!Object.hasOwn(shown, name) || unknown.includes(value)) return [];
    const at = [...path, name];
    const other = shown[name];
    if (isObject(value) && isObject(other)) return differing(value, other, at);
    return isSame(value, other) ? [] : [at.join('.')];
  });
}

/** There are brokers that show numbers as texts. */
function isSame(value: unknown, shown: unknown): boolean {
  const isScalar = [value, shown].every((each) => typeof each !== 'object');
  return isScalar ? String(value) === String(shown) : jsonEqual(value, shown);
}

function plain(parameters: FetchedInstance['parameters']): JsonObject {
  if (!(parameters instanceof JsonText)) return parameters ?? {};
  try {
    const parsed = parameters.toJSON();
    return isObject(parsed) ? parsed : {};
  } catch {
    // Too deep to be compared.
    return {};
  }
}
