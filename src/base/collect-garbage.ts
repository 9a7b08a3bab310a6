import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

type Collect = (options: { readonly type: 'minor' | 'major' }) => void;

let collect: Collect | undefined;

/**
 * Has V8 collect now; needs no flag on the command line.
 * @param type `minor`: what is young, a few milliseconds; `major`: everything
 */
export function collectGarbage(type: 'minor' | 'major'): void {
  collect ??= exposed();
  collect({ type });
}

function exposed(): Collect {
  setFlagsFromString('--expose-gc');
  return runInNewContext('gc') as Collect;
}
