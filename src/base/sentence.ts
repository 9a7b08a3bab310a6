/** A text that can be followed by another sentence: with a full stop, unless it ends with one or the like. */
export function sentence(text: string): string {
  return /[.!?\u2026]$/u.test(text) ? text : `${text}.`;
}
