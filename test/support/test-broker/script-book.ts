import type { Behaviour, Match, Times } from './behaviour.ts';
import type { RecordedRequest } from './recorded-request.ts';

/** A behaviour, or how to find one for the request. */
export type Script = Behaviour | ((request: RecordedRequest) => Behaviour);

interface Entry {
  readonly match: Match;
  readonly script: Script;
  left: number;
}

/** What was told to go wrong. Scripts that fit the same request are performed in the order they were written. */
export class ScriptBook {
  #entries: Entry[] = [];

  add(match: Match, script: Script, times: Times): ScriptHandle {
    const entry = { match, script, left: times === 'always' ? Infinity : times };
    this.#entries.push(entry);
    return {
      get left() {
        return entry.left;
      },
      cancel: () => {
        this.#entries = this.#entries.filter((other) => other !== entry);
      },
    };
  }

  take(request: RecordedRequest): Behaviour | undefined {
    const entry = this.#entries.find(({ match, left }) => left > 0 && fits(match, request));
    if (entry === undefined) return undefined;
    entry.left--;
    if (entry.left === 0) this.#entries = this.#entries.filter((other) => other !== entry);
    return typeof entry.script === 'function' ? entry.script(request) : entry.script;
  }

  clear(): void {
    this.#entries = [];
  }
}

export interface ScriptHandle {
  /** How often it will still be performed. */
  readonly left: number;
  cancel(): void;
}

function fits(match: Match, request: RecordedRequest): boolean {
  return (
    (match.operation === undefined || match.operation === request.operation) &&
    (match.instanceId === undefined || match.instanceId === request.instanceId) &&
    (match.bindingId === undefined || match.bindingId === request.bindingId)
  );
}
