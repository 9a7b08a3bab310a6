const unitMs: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  μs: 1e-3,
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
};

const part = /(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h)/y;

/** Milliseconds of a duration in the notation of Go, such as `1h30m` or `15m0s`; undefined when it is not one. */
export function parseGoDurationMs(text: string): number | undefined {
  let totalMs = 0;
  part.lastIndex = 0;
  while (part.lastIndex < text.length) {
    const found = part.exec(text);
    if (found === null) return undefined;
    totalMs += Number(found[1]) * (unitMs[found[2] ?? ''] ?? Number.NaN);
  }
  return text === '' ? undefined : totalMs;
}
