/**
 * Order of resourceVersions. Within one resource they are decimal integers of any length and grow with time;
 * versions of another form (aggregated API servers may use them) have no order.
 */

/** Negative, zero, positive like a sort function; undefined when there is no order. */
export function compareResourceVersions(
  left: string | undefined,
  right: string | undefined,
): number | undefined {
  if (!isDecimal(left) || !isDecimal(right)) return undefined;
  if (left.length !== right.length) return left.length - right.length;
  if (left === right) return 0;
  return left < right ? -1 : 1;
}

/** True only when both versions can be compared and `left` came first. */
export function isOlderVersion(left: string | undefined, right: string | undefined): boolean {
  const order = compareResourceVersions(left, right);
  return order !== undefined && order < 0;
}

function isDecimal(version: string | undefined): version is string {
  return version !== undefined && /^[1-9][0-9]*$/.test(version);
}
