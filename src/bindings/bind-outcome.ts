import type {
  ServiceBinding,
  ServiceBindingSecretContent,
  ServiceBindingSecretState,
} from '../api/generated/service-binding.ts';
import { renewAnnotation } from '../api/group.ts';
import type { NextAttempt } from '../control/attempts.ts';
import type { Failure } from '../osb/outcome-types.ts';
import type { BindingAnswer } from '../osb/types.ts';
import type { Standing } from '../operations/answer-rules.ts';
import { creationFailed, type CreationWords } from '../operations/failed-creation.ts';
import { attemptsEnded, mitigationStarted, operationEnded } from '../operations/operation-status.ts';
import type { Judgement as JudgementOf } from '../operations/kind.ts';
import { secretNameOf } from './secret-standing.ts';

type Judgement = JudgementOf<ServiceBinding>;

interface Stored {
  readonly secret: ServiceBindingSecretState | undefined;
  readonly secretContent?: ServiceBindingSecretContent | undefined;
}

/**
 * The credentials are in the Secret. `status.binding` makes the binding a Provisioned Service.
 * @param notes what the owner should know of the answer; see `bindNotes`
 * @param stored what was made of the credentials
 */
export function bound(
  binding: ServiceBinding,
  answer: BindingAnswer,
  notes: readonly string[],
  stored: Stored,
): Judgement {
  const message = ['Injected bind result', ...notes].join('; ');
  return {
    verdict: { kind: 'ready', reason: 'InjectedBindResult', message },
    changes: {
      ...confirmed(binding, answer),
      secret: stored.secret,
      secretContent: stored.secretContent,
    },
    event: notes.length === 0 ? 'Normal' : 'Warning',
  };
}

/**
 * The broker has the binding of before and does not hand out its credentials again, which are nowhere. Nothing is written in
 * the place of the Secret that may come back; once it is there the repair takes it (`status.existedBefore`).
 */
export function secretAwaited(binding: ServiceBinding, answer: BindingAnswer): Judgement {
  const secret = `${binding.metadata.namespace ?? ''}/${secretNameOf(binding)}`;
  const reason = 'SecretLost';
  const message =
    `The broker has this binding and does not hand out its credentials again, and Secret "${secret}" is not there. Restore ` +
    `that, without its ownerReferences, and it is taken back; or set the annotation ${renewAnnotation} to "when-lost", and a ` +
    'new login is made; or delete this ServiceBinding and create it again.';
  return {
    verdict: { kind: 'stalled', reason, message, failedReason: reason },
    changes: { ...confirmed(binding, answer), existedBefore: true },
    event: 'Warning',
  };
}

/** What the broker says that it has. */
function confirmed(binding: ServiceBinding, answer: BindingAnswer): Judgement['changes'] {
  const { status = {} } = binding;
  return {
    ...operationEnded,
    ...attemptsEnded,
    unbindStatus: 'Required',
    reconciledGeneration: status.observedGeneration,
    externalProperties: status.inProgressProperties,
    binding: { name: secretNameOf(binding) },
    expiresAt: answer.metadata?.expiresAt,
    renewBefore: answer.metadata?.renewBefore,
    endpoints: endpointsOf(answer),
  };
}

/** For the status. None is no list: where there is one it is complete (OSB, Endpoint Object). */
export function endpointsOf({ endpoints }: BindingAnswer): BindingAnswer['endpoints'] | undefined {
  return endpoints.length === 0 ? undefined : endpoints;
}

/**
 * What the owner of a binding should know of a good answer that could not be used in full. Holds no value of the
 * answer but its times: URLs of drains and routes may carry credentials.
 * @param requires what the class says that it needs
 * @param existed the broker had the binding before anything was sent for this object
 */
export function bindNotes(
  answer: BindingAnswer,
  nowMs: number,
  requires: readonly string[] = [],
  existed = false,
): readonly string[] {
  const { credentials, metadata } = answer;
  const notes = [...answer.warnings];
  if (Object.keys(credentials ?? {}).length === 0) {
    notes.push(existed ? `the broker gave no credentials ${mayBeOnce}` : 'the broker gave no credentials');
  }
  notes.push(...timeNotes(metadata?.expiresAt, metadata?.renewBefore, nowMs));
  return [...notes, ...unusedNotes(answer, requires)];
}

/** Cloud Foundry's (OSB, Types of Binding): nothing here sends logs to drains, routes requests or mounts shares. */
const cloudFoundry = [
  { field: 'syslog_drain_url', requirement: 'syslog_drain', of: 'syslogDrainUrl' },
  { field: 'route_service_url', requirement: 'route_forwarding', of: 'routeServiceUrl' },
  { field: 'volume_mounts', requirement: 'volume_mount', of: 'volumeMounts' },
] as const;

function unusedNotes(answer: BindingAnswer, requires: readonly string[]): readonly string[] {
  const unused = cloudFoundry.filter(({ of }) => answer[of] !== undefined);
  const undeclared = unused.filter(({ requirement }) => !requires.includes(requirement));
  const names = (list: readonly { readonly field: string }[]): string =>
    list.map(({ field }) => field).join(', ');
  return [
    ...(unused.length > 0 ? [`not supported on Kubernetes and ignored: ${names(unused)}`] : []),
    ...(undeclared.length > 0 ? [`without a matching "requires" in the catalog: ${names(undeclared)}`] : []),
  ];
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

export const creationWords: CreationWords<'Bind'> = {
  operation: 'Bind',
  failed: 'The bind call failed',
  retryReason: 'ErrorCallingBind',
  cleaningReason: 'BindCallFailed',
  refusedReason: 'BindCallFailed',
  failedReason: 'ServiceBindingReturnedFailure',
  pollFailed: 'Bind call failed',
  pollFailedReason: 'ServiceBindingReturnedFailure',
  leftHint: 'An earlier attempt may have left a binding; deleting this object removes it.',
  olderHint:
    'What the broker has under this id may be older than this object, so it is not deleted there as an orphan. ' +
    'To unbind it and have a new one, delete this ServiceBinding and create it again.',
  changedMeanwhile:
    'What is asked for changed during an attempt whose result is unknown; what it may have left goes first',
  takenHint: 'A binding with other attributes has this id and is left alone; make a new ServiceBinding.',
};

/** A failed bind request. Where the broker holds nothing, the object may go without a DELETE. */
export function bindFailed(failure: Failure, next: NextAttempt, standing: Standing): Judgement {
  const { rule, changes, ...judged } = creationFailed(creationWords, failure, next, standing);
  const isNothingLeft = rule.record === 'cleared';
  return { ...judged, changes: isNothingLeft ? { ...changes, unbindStatus: 'NotRequired' } : changes };
}

/**
 * The broker may hold a binding that nobody can use: it is unbound (OSB, Orphan Mitigation), and then bound again
 * under a fresh id, or left failed.
 */
export function bindingOrphaned(
  reason: string,
  message: string,
  attempts: number | undefined,
  then: 'retry' | 'fail',
): Judgement {
  return {
    verdict: {
      kind: 'cleaning',
      reason,
      message,
      ...(then === 'fail' ? { failedReason: 'ServiceBindingReturnedFailure' } : {}),
    },
    changes: mitigationStarted('Bind', attempts),
    event: 'Warning',
  };
}
