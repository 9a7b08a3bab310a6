/** Longer words, and more candidates, are not compared: their number is chosen by whoever writes the annotations. */
const maxLength = 100;
const maxCandidates = 32;

/** The candidate that was probably meant, or undefined when none is close: at most a third of its letters differ. */
export function nearestWord(word: string, candidates: readonly string[]): string | undefined {
  if (word.length > maxLength) return undefined;
  let best: string | undefined;
  let bestDistance = Infinity;
  for (const candidate of candidates.slice(0, maxCandidates)) {
    const bound = Math.max(1, Math.floor(Math.max(word.length, candidate.length) / 3));
    if (candidate.length > maxLength || Math.abs(word.length - candidate.length) > bound) continue;
    const distance = editDistance(word, candidate);
    if (distance <= bound && distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

/** Levenshtein: insertions, deletions and replacements from one word to the other. */
function editDistance(left: string, right: string): number {
  let previous = Array.from({ length: right.length + 1 }, (_, column) => column);
  for (let row = 1; row <= left.length; row++) {
    const current = [row];
    for (let column = 1; column <= right.length; column++) {
      const replaced = (previous[column - 1] ?? 0) + (left[row - 1] === right[column - 1] ? 0 : 1);
      const removed = (previous[column] ?? 0) + 1;
      const added = (current[column - 1] ?? 0) + 1;
      current.push(Math.min(replaced, removed, added));
    }
    previous = current;
  }
  return previous[right.length] ?? 0;
}
