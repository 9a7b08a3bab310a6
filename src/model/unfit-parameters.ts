import type { JsonObject } from '../base/json.ts';
import { printable } from '../base/printable.ts';
import { evaluate } from '../schemas/evaluate.ts';
import { pathText } from '../schemas/path.ts';
import type { Schema } from '../schemas/read-schema.ts';
import type { Misfit } from '../schemas/visit.ts';
import type { Offering } from './resolve.ts';

/** Parameters as they would be sent, as far as they are known. */
export interface KnownParameters {
  readonly parameters: JsonObject;
  /** There are others, or others will be there. */
  readonly isPartial: boolean;
  /** Top-level names whose values come from Secrets. */
  readonly fromSecrets?: ReadonlySet<string>;
  /** Top-level names that class and plan add. */
  readonly fromDefaults?: ReadonlySet<string>;
}

/** More than that nobody mends at once. */
const maxShown = 5;

/**
 * Why a broker would refuse these parameters for certain, as a sentence without a full stop: where, and what its schema
 * says. Never a value: it may be a secret. Undefined when nothing is certain; the broker has the last word.
 */
export function unfitParameters(
  schema: Schema,
  known: KnownParameters,
  { class: ofClass, plan }: Offering,
): string | undefined {
  const result = evaluate(schema, known.parameters, { isPartial: known.isPartial });
  if (result.kind !== 'unfit') return undefined;
  const all = [...new Set(result.misfits.map((misfit) => told(misfit, known)))];
  const more = all.length > maxShown ? '; and more' : '';
  const name = `${printable(ofClass.spec.externalName)}/${printable(plan.spec.externalName)}`;
  return (
    `the parameters do not fit plan "${name}": ${all.slice(0, maxShown).join('; ')}${more} ` +
    `("bindery describe plan ${name}" lists what it takes)`
  );
}

/** Of what comes from a Secret nothing is named but its top-level key. */
function told({ path, rule }: Misfit, { fromSecrets, fromDefaults }: KnownParameters): string {
  const [key] = path;
  if (typeof key !== 'string') return `${pathText('spec.parameters', path)} ${rule}`;
  if (fromSecrets?.has(key) === true) {
    const name = pathText('', [key]).replace(/^\./, '');
    const part = path.length === 1 ? '' : 'has something in it that does not fit: ';
    return `parameter ${name}, which comes from a Secret, ${part}${rule}`;
  }
  if (fromDefaults?.has(key) === true) return `${pathText('defaultProvisionParameters', path)} ${rule}`;
  return `${pathText('spec.parameters', path)} ${rule}`;
}
