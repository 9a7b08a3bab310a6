let last: Promise<void> = Promise.resolve();

/**
 * Does `work`, which takes long and must not throw, when it is its turn: one at a time in the whole process, with whatever
 * else has to be done in between. Many large answers at once would otherwise be one long pause.
 */
export function inTurn(work: () => void): void {
  last = last.then(afterOthers).then(work);
}

function afterOthers(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
