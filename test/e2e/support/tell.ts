/** A measured value for people; tests only judge what can not depend on the machine. */
export function tell(line: string): void {
  process.stderr.write(`  · ${line}\n`);
}

/** Since then, as people read it. */
export function seconds(sinceMs: number): string {
  return ((performance.now() - sinceMs) / 1000).toFixed(1);
}
