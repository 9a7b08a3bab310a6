import type { IncomingMessage, ServerResponse } from 'node:http';

/** What is to go wrong with the next matching requests, instead of an answer. */
export interface Fault {
  readonly method?: string;
  /** Matched against path and query. */
  readonly path?: RegExp;
  /** How often. @default 1 */
  readonly times?: number;
  readonly answer:
    | 'reset' // the connection breaks before any answer
    | 'stall' // no answer, ever
    | { readonly status: number; readonly headers?: Record<string, string>; readonly body?: string | object }
    // The answer begins and breaks off inside its body.
    | { readonly cutAfter: string };
}

/** The faults that wait for their request, in the order they were planned. */
export class FaultPlan {
  readonly #faults: { readonly fault: Fault; left: number }[] = [];

  add(fault: Fault): void {
    this.#faults.push({ fault, left: fault.times ?? 1 });
  }

  clear(): void {
    this.#faults.length = 0;
  }

  take(method: string, url: string): Fault | undefined {
    const planned = this.#faults.find(
      ({ fault, left }) =>
        left > 0 && (fault.method ?? method) === method && (fault.path === undefined || fault.path.test(url)),
    );
    if (planned === undefined) return undefined;
    planned.left--;
    return planned.fault;
  }
}

export function inject({ answer }: Fault, request: IncomingMessage, response: ServerResponse): void {
  if (answer === 'stall') return;
  if (answer === 'reset') {
    request.socket.resetAndDestroy();
    return;
  }
  if ('cutAfter' in answer) {
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': '100000' });
    response.write(answer.cutAfter, () => request.socket.destroy());
    return;
  }
  const isText = typeof answer.body === 'string';
  const type = isText ? 'text/plain' : 'application/json';
  response.writeHead(answer.status, { 'content-type': type, ...answer.headers });
  response.end(isText ? answer.body : JSON.stringify(answer.body ?? {}));
}
