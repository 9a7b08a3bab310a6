/** One result. `ratio` is value / reference; both are null where there is nothing to compare with. */
export interface Measure {
  readonly measure: string;
  readonly value: number;
  readonly unit: string;
  /** The same quantity of what it is compared with, taken in turn in the same run. */
  readonly reference: number | null;
  readonly ratio: number | null;
}

export interface BenchOptions {
  /** Length of one timed stretch, seconds; undefined: as the bench thinks right. */
  readonly seconds: number | undefined;
  /** Tells the person waiting what is going on. */
  readonly progress: (message: string) => void;
  readonly signal: AbortSignal;
}

/** What a file `<name>.bench.ts` exports. */
export interface Bench {
  /** One line on what is measured against what. */
  readonly summary: string;
  run(options: BenchOptions): Promise<readonly Measure[]>;
}

/** A quantity beside the same quantity of its reference. */
export function compared(measure: string, unit: string, value: number, reference: number): Measure {
  return { measure, unit, value: round(value), reference: round(reference), ratio: round(value / reference) };
}

/** A quantity on its own. */
export function alone(measure: string, unit: string, value: number): Measure {
  return { measure, unit, value: round(value), reference: null, ratio: null };
}

export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/** The smallest value that at least this share of the values does not exceed. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((left, right) => left - right);
  const value = sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)];
  if (value === undefined) throw new RangeError('no values to take a quantile of');
  return value;
}

/** Three digits are more than any of these measurements can promise. */
function round(value: number): number {
  return Math.abs(value) >= 1000 ? Math.round(value) : Number(value.toPrecision(3));
}
