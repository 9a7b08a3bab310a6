/** Whether a value fits. `unknown` where nobody can tell: then the broker decides, and nothing is refused. */
export type Verdict = 'fits' | 'unfit' | 'unknown';

/** All of them hold. */
export function both(left: Verdict, right: Verdict): Verdict {
  if (left === 'unfit' || right === 'unfit') return 'unfit';
  return left === 'unknown' || right === 'unknown' ? 'unknown' : 'fits';
}

/** One of them holds. */
export function either(left: Verdict, right: Verdict): Verdict {
  if (left === 'fits' || right === 'fits') return 'fits';
  return left === 'unknown' || right === 'unknown' ? 'unknown' : 'unfit';
}

/** What is known for certain; undefined where nobody can tell. */
export function verdictOf(isFit: boolean | undefined): Verdict {
  if (isFit === undefined) return 'unknown';
  return isFit ? 'fits' : 'unfit';
}
