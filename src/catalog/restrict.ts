import type { CatalogRestrictions } from '../api/generated/shared-types.ts';
import type { DesiredCatalog, DesiredClass, DesiredPlan } from './convert.ts';
import { matchesSelector, type Requirement } from '../api/selector.ts';
import { parseSelector } from '../api/parse-selector.ts';
import { classRefName, type CatalogScope } from './scope.ts';

export type RestrictResult =
  | { readonly kind: 'restricted'; readonly catalog: DesiredCatalog }
  /** A restriction can not be read: `message` quotes it. */
  | { readonly kind: 'invalid'; readonly message: string };

const classProperties: readonly string[] = ['name', 'spec.externalName', 'spec.externalID'];

/**
 * Applies a broker's catalogRestrictions. Every entry of a list is a label selector over properties of the object,
 * and all have to hold. A plan goes with its class, and a class with its last plan.
 */
export function restrictCatalog(
  catalog: DesiredCatalog,
  restrictions: CatalogRestrictions | null | undefined,
  scope: CatalogScope,
): RestrictResult {
  const planProperties = [...classProperties, 'spec.free', scope.classNameProperty];
  const classRules = parseAll(restrictions?.serviceClass, classProperties);
  const planRules = parseAll(restrictions?.servicePlan, planProperties);
  if (classRules.kind === 'invalid') return classRules;
  if (planRules.kind === 'invalid') return planRules;

  const accepted = catalog.classes.filter((item) =>
    matchesSelector(classRules.requirements, classProperty(item)),
  );
  const acceptedNames = new Set(accepted.map(({ object }) => object.metadata.name));
  const plans = catalog.plans.filter(
    (item) =>
      acceptedNames.has(classRefName(item.object.spec)) &&
      matchesSelector(planRules.requirements, planProperty(item, scope)),
  );
  const withPlans = new Set(plans.map(({ object }) => classRefName(object.spec)));
  const classes = accepted.filter(({ object }) => withPlans.has(object.metadata.name));
  return { kind: 'restricted', catalog: { ...catalog, classes, plans } };
}

function parseAll(
  selectors: readonly string[] | null | undefined,
  properties: readonly string[],
):
  | { readonly kind: 'parsed'; readonly requirements: readonly Requirement[] }
  | { readonly kind: 'invalid'; readonly message: string } {
  const requirements: Requirement[] = [];
  for (const text of selectors ?? []) {
    const parsed = parseSelector(text, properties);
    if (parsed.kind === 'invalid') {
      return { kind: 'invalid', message: `spec.catalogRestrictions has an invalid entry: ${parsed.message}` };
    }
    requirements.push(...parsed.requirements);
  }
  return { kind: 'parsed', requirements };
}

function classProperty({ object }: DesiredClass): (property: string) => string | undefined {
  return (property) => {
    switch (property) {
      case 'name':
        return object.metadata.name;
      case 'spec.externalName':
        return object.spec.externalName;
      case 'spec.externalID':
        return object.spec.externalID;
      default:
        return undefined;
    }
  };
}

function planProperty(
  { object }: DesiredPlan,
  scope: CatalogScope,
): (property: string) => string | undefined {
  return (property) => {
    switch (property) {
      case 'name':
        return object.metadata.name;
      case 'spec.externalName':
        return object.spec.externalName;
      case 'spec.externalID':
        return object.spec.externalID;
      case 'spec.free':
        return String(object.spec.free === true);
      case scope.classNameProperty:
        return classRefName(object.spec);
      default:
        return undefined;
    }
  };
}
