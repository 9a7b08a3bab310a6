import type { KubeCall } from '../../../src/kube/call.ts';

export interface WriteLog {
  /** As "PATCH serviceinstances"; reads and events are left out. */
  readonly writes: readonly string[];
  /** To be given to clients. */
  readonly observe: (call: KubeCall) => void;
}

/** What was written by the clients that it is given to. */
export function writeLog(): WriteLog {
  const writes: string[] = [];
  const observe = ({ method, resource }: KubeCall): void => {
    if (method !== 'GET' && resource !== 'events') writes.push(`${method} ${resource}`);
  };
  return { writes, observe };
}
