/** One requirement of a selector, about one property, such as a label. */
export interface Requirement {
  readonly property: string;
  readonly operator: 'exists' | 'absent' | 'in' | 'notin' | 'above' | 'below';
  /** For in and notin any number; for above and below one integer. */
  readonly values: readonly string[];
}

/** Whether an object satisfies all requirements; `valueOf` gives a property, undefined when it has none. */
export function matchesSelector(
  requirements: readonly Requirement[],
  valueOf: (property: string) => string | undefined,
): boolean {
  return requirements.every(({ property, operator, values }) => {
    const value = valueOf(property);
    return tests[operator](value, values);
  });
}

type Test = (value: string | undefined, values: readonly string[]) => boolean;

const tests: Readonly<Record<Requirement['operator'], Test>> = {
  exists: (value) => value !== undefined,
  absent: (value) => value === undefined,
  in: (value, values) => value !== undefined && values.includes(value),
  notin: (value, values) => value === undefined || !values.includes(value),
  above: (value, [bound = '0']) => isInteger(value) && BigInt(value ?? '') > BigInt(bound),
  below: (value, [bound = '0']) => isInteger(value) && BigInt(value ?? '') < BigInt(bound),
};

/** As a selector writes it: of at most 19 digits. */
export function isInteger(value: string | undefined = ''): boolean {
  return /^-?\d{1,19}$/.test(value);
}
