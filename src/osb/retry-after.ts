const oneDayMs = 86_400_000;
const httpDate = /^[A-Za-z]{3,9},? [\w -]+ [\d:]{8}( \d{4})?( GMT)?$/;

/**
 * `Retry-After` as a delay: seconds or an HTTP date (RFC 9110, 10.2.3), clamped to 0 … one day.
 * Negative numbers and garbage are as if it were not there.
 */
export function parseRetryAfter(value: string | undefined, nowMs: number): number | undefined {
  if (value === undefined) return undefined;
  const text = value.trim();
  if (/^\d+(\.\d+)?$/.test(text)) return Math.min(Number(text) * 1000, oneDayMs);
  if (!httpDate.test(text)) return undefined;
  const at = Date.parse(text);
  return Number.isNaN(at) ? undefined : Math.min(Math.max(at - nowMs, 0), oneDayMs);
}
