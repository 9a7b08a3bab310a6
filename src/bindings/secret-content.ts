import type { ServiceBinding } from '../api/generated/service-binding.ts';
import type { JsonObject } from '../base/json.ts';
import { Withheld } from '../control/withheld.ts';
import { instanceOf } from '../model/instance-of.ts';
import type { Offering } from '../model/resolve.ts';
import { additionsTo, type VcapService } from '../shapes/additions.ts';
import { missingKeys } from '../shapes/binding-types.ts';
import type { ShapeRule } from '../shapes/shape-rule.ts';
import { bindingTypeOf } from '../shapes/well-known-keys.ts';
import { secretData, type SecretText } from './secret-data.ts';
import { applyTransforms } from './secret-transforms.ts';

export type SecretContent =
  | {
      readonly kind: 'data';
      readonly data: SecretText;
      readonly type: string;
      /** The keys that are not the broker's own, and those of its own whose text is JSON. */
      readonly added: readonly string[];
      readonly json: readonly string[];
      /** What of the shape could not be done, by names only. */
      readonly notes: readonly string[];
      /** What readers of this type of binding look for in vain. */
      readonly missing: readonly string[];
    }
  | { readonly kind: 'refused'; readonly message: string };

/**
 * What the Secret of a binding holds: what the broker said, after the transforms of the spec, and beside it what readers
 * look for. Nothing that is added replaces what the broker said, or is in the way of its being stored.
 * @param received as the broker gave them out
 */
export function secretContent(
  binding: ServiceBinding,
  received: JsonObject,
  offering: Offering,
  rule: ShapeRule,
): SecretContent {
  const { credentials, notes } = applyTransforms(received, binding.spec.secretTransforms ?? []);
  const content = shapedContent(binding, credentials, offering, rule, removedKeys(binding));
  return content.kind === 'refused' ? content : { ...content, notes: [...notes, ...content.notes] };
}

/** What the transforms have taken away: nobody wants it back under another pretext. */
export function removedKeys({ spec }: ServiceBinding): ReadonlySet<string> {
  const transforms = spec.secretTransforms ?? [];
  return new Set(transforms.flatMap(({ removeKey, renameKey }) => removeKey?.key ?? renameKey?.from ?? []));
}

/**
 * The same for credentials to which the transforms have been applied. The order in which they came means nothing: the same
 * credentials give the same Secret, whether they come from the broker or from the Secret itself.
 */
export function shapedContent(
  binding: ServiceBinding,
  unordered: JsonObject,
  offering: Offering,
  rule: ShapeRule,
  removed: ReadonlySet<string>,
): SecretContent {
  const credentials = sorted(unordered);
  const { externalName } = offering.class.spec;
  const type = bindingTypeOf(credentials, { externalName, tags: tagsOf(offering) });
  const own = secretData(credentials, { type: type?.name ?? externalName, provider: providerOf(offering) });
  if (own.kind === 'refused') return own;
  const entries = new Map(Object.entries(own.data));
  const shaping = { type, rule, removed, service: serviceOf(binding, offering) };
  const additions = additionsTo(credentials, entries, shaping);
  const data = Object.fromEntries([...entries, ...additions.entries]);
  return {
    kind: 'data',
    data,
    type: own.type,
    added: Object.keys(data).filter((key) => !Object.hasOwn(credentials, key)),
    json: Object.keys(credentials).filter((key) => typeof credentials[key] !== 'string'),
    notes: additions.notes,
    missing: missingKeys(data['type'] ?? '', (key) => Object.hasOwn(data, key)),
  };
}

function sorted(object: JsonObject): JsonObject {
  const keys = Object.keys(object).sort();
  return Object.fromEntries(keys.map((key) => [key, object[key]]));
}

function serviceOf(binding: ServiceBinding, offering: Offering): VcapService {
  return {
    label: offering.class.spec.externalName,
    plan: offering.plan.spec.externalName,
    tags: tagsOf(offering),
    bindingName: binding.metadata.name,
    instanceName: instanceOf(binding).name,
  };
}

/** More of them than a store keeps say nothing. */
function tagsOf({ class: { spec } }: Offering): readonly string[] {
  const { tags = [] } = spec;
  return tags instanceof Withheld ? [] : tags;
}

function providerOf(offering: Offering): string {
  return offering.scope === 'cluster'
    ? offering.class.spec.clusterServiceBrokerName
    : offering.class.spec.serviceBrokerName;
}
