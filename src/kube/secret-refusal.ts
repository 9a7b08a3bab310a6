import { isNamespaceTerminating, KubeApiError } from './errors.ts';

/** The name of whoever refused, where the API server itself puts it: at the beginning, before any words of theirs. */
const refusers: readonly (readonly [what: string, pattern: RegExp])[] = [
  ['exceeded quota: ', /^secrets "[^"]*" is forbidden: exceeded quota: ([a-z0-9.-]{1,253}),/],
  [
    'denied by ValidatingAdmissionPolicy ',
    /^secrets "[^"]*" is forbidden: ValidatingAdmissionPolicy '([a-z0-9.-]{1,253})' with binding '/,
  ],
  ['denied by admission webhook ', /^admission webhook "([a-z0-9.-]{1,253})" denied the request/],
  [
    'missing right to ',
    /^secrets(?: "[^"]*")? is forbidden: User "[^"]*" cannot ([a-z]{1,20}) resource "secrets"/,
  ],
];

/**
 * What may be told of a write of a Secret that failed: status, reason and who refused it. Policies and webhooks choose
 * their words themselves, and can quote what was to be kept secret in any form: as it is, encoded, or in part.
 */
export function secretRefusal(error: KubeApiError): string {
  const said = `${error.status} ${error.reason}`;
  if (isNamespaceTerminating(error)) return `${said} (the namespace is being deleted)`;
  for (const [what, pattern] of refusers) {
    const name = pattern.exec(error.message)?.[1];
    if (name !== undefined) return `${said} (${what}${name})`;
  }
  return said;
}

/** The same error without the words of whoever refused: fit to be thrown, and so to be logged. */
export function withoutWords(error: KubeApiError): KubeApiError {
  const { status, reason, retryAfterMs } = error;
  return new KubeApiError({ status, reason, message: secretRefusal(error), retryAfterMs });
}
