import type { AddOperation } from '../injection/patch.ts';
import type { LiftOperation } from '../injection/lift.ts';
import type { AdmissionRequest } from './review.ts';

export type PatchOperation = AddOperation | LiftOperation;

/** What came of a request, for the metric. */
export type DecisionOutcome = 'ignored' | 'unchanged' | 'patched' | 'skipped' | 'denied' | 'failed';

export interface Decision {
  readonly allowed: boolean;
  readonly outcome: DecisionOutcome;
  readonly patch?: readonly PatchOperation[];
  /** HTTP status of a refusal. Not 409: clients take that for a stale resourceVersion and try again. @default 403 */
  readonly code?: number;
  /** What the person reads who is refused. */
  readonly message?: string;
  readonly warnings?: readonly string[];
  /** For the audit log; never a secret. */
  readonly auditAnnotations?: Readonly<Record<string, string>>;
}

/** What a handler may know of the request besides its content. */
export interface RequestContext {
  /** How long the API server still waits for the answer, milliseconds. */
  readonly timeoutMs: number;
}

/** One question of the API server, answered. Throws only for what nobody expected. */
export type Handler = (request: AdmissionRequest, context: RequestContext) => Decision | Promise<Decision>;

/** Not a question for this handler: a rule of the webhook configuration matches more than it should. */
export const ignored: Decision = { allowed: true, outcome: 'ignored' };

export const unchanged: Decision = { allowed: true, outcome: 'unchanged' };

export function deny(code: number, message: string): Decision {
  return { allowed: false, outcome: 'denied', code, message };
}

/** Allowed with this patch; without any operation, allowed as it is. */
export function patched(patch: readonly PatchOperation[], warnings: readonly string[] = []): Decision {
  if (patch.length === 0) return warnings.length === 0 ? unchanged : { ...unchanged, warnings };
  return { allowed: true, outcome: 'patched', patch, ...(warnings.length === 0 ? {} : { warnings }) };
}
