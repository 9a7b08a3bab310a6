/** A measured value for people; tests only judge what can not depend on the machine. */
export function tell(line: string): void {
  process.stderr.write(`  · ${line}\n`);
}
