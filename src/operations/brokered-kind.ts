import type { BrokerRef } from '../brokers/broker-ref.ts';
import type { StatusGuard } from '../control/status-writer.ts';
import type { Step } from '../control/steps.ts';
import type { Verdict } from '../control/verdict.ts';
import type { BrokerClient } from '../osb/broker-client.ts';
import type { Outcome, PollOutcome } from '../osb/outcome-types.ts';
import type { DeletionAnswer, OriginatingIdentity } from '../osb/types.ts';
import type { BrokeredObject, ChangesOf, OperationStatus } from './operation-status.ts';

export interface Telling {
  readonly reason: string;
  readonly message: string;
}

/** How the broker knows an object, and the requests that are about it. */
export interface AtBroker {
  readonly broker: BrokerRef;
  /** `maximum_polling_duration` of the plan. */
  readonly maxPollingSeconds?: number | null | undefined;
  readonly delete: (
    client: BrokerClient,
    identity: OriginatingIdentity | undefined,
  ) => Promise<Outcome<DeletionAnswer>>;
  readonly poll: (client: BrokerClient, identity: OriginatingIdentity | undefined) => Promise<PollOutcome>;
}

/** The words in which conditions and events tell of a deletion. */
export interface DeletionWords<Deletion extends string> {
  /** `status.currentOperation`. */
  readonly operation: Deletion;
  readonly inFlight: Telling;
  readonly underWay: Telling;
  /** The message is followed by the cause. */
  readonly failed: Telling;
  /** Nothing says which broker has to be told. */
  readonly unknownBroker: string;
}

/** In what ServiceInstances and ServiceBindings differ for polling, deletion and orphan mitigation. */
export interface BrokeredKind<O extends BrokeredObject, Deletion extends string> {
  /** `Instance` or `Binding`. */
  readonly noun: string;
  /** Reason while the making of it is tried again. */
  readonly retryReason: string;
  readonly deletion: DeletionWords<Deletion>;
  /** The id in use at the broker. */
  readonly idOf: (object: O) => string;
  /** Something of it may exist there. */
  readonly mayBeAtBroker: (object: O) => boolean;
  /** Undefined when neither the object nor its class say which broker has it. */
  readonly atBroker: (object: O) => AtBroker | undefined;
  /** What is told while the broker is making or changing it. */
  readonly progressOf: (object: O) => Telling & { readonly usable?: boolean };
  readonly save: (
    object: O,
    verdict: Verdict,
    changes: ChangesOf<OperationStatus<Deletion>>,
    guard: StatusGuard,
  ) => Promise<O>;
  /** As `save`, of an object that the broker has nothing of any more: with a fresh id for the next attempt. */
  readonly saveClean: (
    object: O,
    verdict: Verdict,
    changes: ChangesOf<OperationStatus<Deletion>>,
  ) => Promise<O>;
  readonly event: (object: O, type: 'Normal' | 'Warning', telling: Telling) => void;
  /** The broker has nothing of it: the object may go. */
  readonly release: (object: O) => Promise<Step<O>>;
  /** After a ConcurrencyError: what to do instead of waiting for the next attempt, if anything. */
  readonly giveWay?: (object: O) => Promise<Step<O> | undefined>;
}
