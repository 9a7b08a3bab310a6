import type { BindingAnswer } from '../osb/types.ts';

/**
 * What the owner of a binding should know of a good answer that could not be used in full. Holds no value of the
 * answer but its times: URLs of drains and routes may carry credentials.
 * @param existed the broker had the binding before anything was sent for this object
 */
export function bindNotes(answer: BindingAnswer, nowMs: number, existed = false): readonly string[] {
  const { credentials, metadata } = answer;
  const notes = [...answer.warnings];
  if (Object.keys(credentials ?? {}).length === 0) {
    notes.push(existed ? `the broker gave no credentials ${mayBeOnce}` : 'the broker gave no credentials');
  }
  notes.push(...timeNotes(metadata?.expiresAt, metadata?.renewBefore, nowMs));

  // Cloud Foundry's (OSB, Types of Binding): nothing here sends logs to drains, routes requests or mounts shares.
  const unused = [
    answer.syslogDrainUrl === undefined ? [] : ['syslog_drain_url'],
    answer.routeServiceUrl === undefined ? [] : ['route_service_url'],
    answer.volumeMounts === undefined ? [] : ['volume_mounts'],
  ].flat();
  if (unused.length > 0) notes.push(`not supported on Kubernetes and ignored: ${unused.join(', ')}`);
  return notes;
}

const mayBeOnce =
  'for a binding that it says it had before: if it hands them out only once, delete this ServiceBinding and create it again';

/** OSB, Binding Metadata Object: `renew_before` is not after `expires_at`, and nothing is used after that. */
function timeNotes(expiresAt: string | undefined, renewBefore: string | undefined, nowMs: number): string[] {
  if (expiresAt === undefined) return [];
  if (Date.parse(expiresAt) <= nowMs) return [`the credentials expired at ${expiresAt}`];
  const isLate = renewBefore !== undefined && Date.parse(renewBefore) > Date.parse(expiresAt);
  return isLate ? [`renew_before ${renewBefore} is after expires_at ${expiresAt}`] : [];
}
