import type { LabelSelector, LabelSelectorRequirement } from '../api/generated/pod-preset.ts';
import { matchesSelector, type Requirement } from '../api/selector.ts';
import { memoized } from '../base/memo.ts';

/**
 * Kubernetes' rule for label selectors: all conditions hold; an empty selector matches everything; `NotIn` also
 * matches when the label is absent. A condition that can not be understood matches nothing.
 */
export function selectsLabels(selector: LabelSelector, labels: Readonly<Record<string, string>>): boolean {
  return matchesSelector(requirementsOf(selector), (key) =>
    Object.hasOwn(labels, key) ? labels[key] : undefined,
  );
}

/** Selectors are what the store holds: the same objects for every Pod. */
const requirementsOf = memoized(
  ({ matchLabels = {}, matchExpressions = [] }: LabelSelector): readonly Requirement[] => [
    ...Object.entries(matchLabels).map(([property, value]) => ({
      property,
      operator: 'in' as const,
      values: [value],
    })),
    ...matchExpressions.map(asRequirement),
  ],
);

function asRequirement({ key: property, operator, values = [] }: LabelSelectorRequirement): Requirement {
  switch (operator) {
    case 'In':
      return { property, operator: 'in', values };
    case 'NotIn':
      return { property, operator: 'notin', values };
    case 'Exists':
      return { property, operator: 'exists', values: [] };
    case 'DoesNotExist':
      return { property, operator: 'absent', values: [] };
    default:
      return { property, operator: 'in', values: [] };
  }
}
