import type { AdmissionRequest } from '../../../src/admission/review.ts';
import type { AccessCheck, Authorize } from '../../../src/admission/authorize.ts';
import type { LogFields, Logger } from '../../../src/base/logger.ts';

/** A request of the ReplicaSet controller to create a Pod; every field can be overridden. */
export function request(fields: Partial<AdmissionRequest> = {}): AdmissionRequest {
  return {
    uid: 'r-1',
    operation: 'CREATE',
    kind: 'Pod',
    resource: 'pods',
    subResource: '',
    namespace: 'shop',
    name: '',
    user: { username: 'system:serviceaccount:kube-system:replicaset-controller' },
    fieldManager: '',
    object: undefined,
    oldObject: undefined,
    dryRun: false,
    ...fields,
  };
}

/** Keeps the lines that a logger is given, as text. */
export function recordingLogger(): Logger & { readonly lines: readonly string[] } {
  const lines: string[] = [];
  const line =
    (level: string) =>
    (fields: LogFields, message: string): number =>
      lines.push(JSON.stringify({ level, ...fields, message }));
  return { lines, debug: line('debug'), info: line('info'), warn: line('warn'), error: line('error') };
}

/** Allows what is not in `denied` (`verb resource`), and keeps what it was asked. */
export function recordingAuthorize(
  denied: readonly string[] = [],
): Authorize & { readonly asked: AccessCheck[] } {
  const asked: AccessCheck[] = [];
  const authorize: Authorize = async (check) => {
    asked.push(check);
    return !denied.includes(`${check.verb} ${check.resource}`);
  };
  return Object.assign(authorize, { asked });
}
