import type { Step } from '../control/steps.ts';
import type { BrokerRef } from '../brokers/broker-ref.ts';
import type { Turn } from '../control/controller.ts';
import type { Verdict } from '../model/verdict.ts';
import type { Store } from '../control/store.ts';
import type { Stores } from '../model/stores.ts';
import type { Resource } from '../kube/resources.ts';
import type { BrokerOperations } from '../osb/broker-operations.ts';
import type { Outcome, PollOutcome } from '../osb/outcome-types.ts';
import type { DeletionAnswer, OriginatingIdentity } from '../osb/types.ts';
import type { AnswerKind } from './answer-rules.ts';
import type { CreationWords } from './failed-creation.ts';
import type { HeldIds, HoldingKind } from './held-ids.ts';
import type { OperationDeps } from './operation-deps.ts';
import type { BrokeredObject, ChangesOf, OperationStatus } from './operation-status.ts';
import type { PollPace } from './poll-pace.ts';
import type { Polled } from './polling.ts';

export interface Telling {
  readonly reason: string;
  readonly message: string;
  /** By what the broker's log has the request that came to this. */
  readonly requestIdentity?: string | undefined;
}

/** The words in which conditions and events tell of a deletion. */
export interface DeletionWords {
  /** `status.currentOperation`. */
  readonly operation: string;
  readonly inFlight: Telling;
  readonly underWay: Telling;
  readonly done: Telling;
  /** The message is followed by the cause. */
  readonly failed: Telling;
  /** Nothing says which broker has to be told. */
  readonly unknownBroker: string;
}

/** What every step of one reconcile shares. */
export interface OperationTask<O extends BrokeredObject> extends OperationDeps {
  readonly kind: Kind<O>;
  readonly ids: HeldIds<O>;
  readonly polls: PollPace;
  /** When the next request to look now is served. */
  readonly syncs: PollPace;
  readonly signal: AbortSignal;
  readonly turn: Turn;
}

/** How an operation ended badly. */
export interface BadEnd {
  readonly answer: AnswerKind;
  readonly cause: string;
  readonly polled: Polled;
}

/** Fields of the status of one kind, and those that both have. */
export type Changes<O extends BrokeredObject> =
  ChangesOf<NonNullable<O['status']>> | ChangesOf<OperationStatus>;

/** What becomes of a status after an answer of the broker. */
export interface Judgement<O extends BrokeredObject> {
  readonly verdict: Verdict;
  readonly changes: Changes<O>;
  /** A Warning event goes with failures, a Normal one with successes. */
  readonly event: 'Normal' | 'Warning';
}

/** Which broker has an object, and the requests that are about it. */
export interface Reach {
  readonly broker: BrokerRef;
  /** `maximum_polling_duration` of the plan. */
  readonly maxPollingSeconds?: number | null | undefined;
  readonly delete: BrokerCall<Outcome<DeletionAnswer>>;
  readonly poll: BrokerCall<PollOutcome>;
}

type BrokerCall<T> = (
  client: BrokerOperations,
  identity: OriginatingIdentity | undefined,
  signal: AbortSignal,
) => Promise<T>;

/** In what ServiceInstances and ServiceBindings differ, for the life at a broker that they share. */
export interface Kind<O extends BrokeredObject> extends HoldingKind<O> {
  readonly noun: 'Instance' | 'Binding';
  readonly resource: Resource;
  readonly storeOf: (stores: Stores) => Store<O>;
  readonly creation: CreationWords<string>;
  readonly deletion: DeletionWords;
  /** Undefined when neither the object nor its class say which broker has it. */
  readonly reach: (object: O, stores: Stores) => Reach | undefined;
  /** Who has it, or is to have it; undefined while nobody is spoken to. */
  readonly brokerOf: (object: O, stores: Stores) => BrokerRef | undefined;
  /** What is told while the broker is making or changing it. */
  readonly progressOf: (object: O) => Telling & { readonly usable?: boolean };

  /** The generation that a status written now speaks of. */
  readonly generationOf: (object: O) => number;
  /** What else its status says, given what has been decided; written along with that. */
  readonly alongWith?: (decided: O, stores: Stores, now: string) => Changes<O>;

  /** Nothing is left to do, for good or bad. */
  readonly isSettled: (task: OperationTask<O>, object: O) => Promise<boolean> | boolean;
  /** It is adopted although nobody knows yet how it could be made. */
  readonly isOurs: (object: O) => boolean;
  /** What a spec says that leaves it out. */
  readonly defaultsOf?: (object: O) => object;
  /** Whatever has to be there before it can be made, or changed. */
  readonly resolve: (task: OperationTask<O>, object: O) => Found<O> | Blocked;

  /** What the operation under way is, when it is no deletion. */
  readonly writeOf: (object: O) => 'create' | 'update';
  /** What the broker has accepted is made. */
  readonly succeeded: KindStep<O>;
  /** What the broker has accepted failed, or took too long. */
  readonly failed: (object: O, end: BadEnd) => Judgement<O>;

  /** The broker has nothing of it any more: what else goes with that. */
  readonly discard?: (task: OperationTask<O>, object: O) => Promise<void>;
  /** What becomes of the status then, for an attempt under this fresh id. */
  readonly anew: (freshId: string) => Changes<O>;
  /** After a ConcurrencyError: what to do instead of waiting for the next attempt, if anything. */
  readonly giveWay?: (task: OperationTask<O>, object: O) => Promise<Step<O> | undefined>;

  /** Where its id comes from was decided for what it belongs to. */
  readonly isDecidedWith?: (object: O, stores: Stores) => boolean;

  // Steps that only one of the kinds has.
  /** Something to tell that has nothing to do with its life. */
  readonly announce?: KindStep<O>;
  /** It is made: what else belongs to it follows what its owner wants. */
  readonly tend?: KindStep<O>;
  /** What was accepted is made, and something is still missing. */
  readonly resume?: KindStep<O>;
  /** Others come first at the broker. */
  readonly takeTurn?: KindStep<O>;
  /** Somebody has asked for it: what is looked at in turn otherwise is looked at soon. */
  readonly lookNow?: (object: O) => void;
  /**
   * It is to be let go without its broker: what has to be gone and written down before.
   * @param by who has asked for it
   */
  readonly beforePurge?: (task: OperationTask<O>, object: O, by: string) => Promise<Step<O>>;
  /** It may be let go, and stay at the broker. */
  readonly retain?: KindStep<O>;
  /** Others are in the way of its deletion. */
  readonly mayGo?: KindStep<O>;
  /** @param known undefined when it has gone */
  readonly afterRun?: (key: string, known: O | undefined) => void;
}

type KindStep<O extends BrokeredObject> = (task: OperationTask<O>, object: O) => Promise<Step<O>>;

export interface Found<O extends BrokeredObject> {
  readonly kind: 'found';
  /** How the spec has to name it. */
  readonly refs?: object;
  readonly make: (object: O) => Promise<Step<O>>;
}

/** Not now, or never: an event about what is missing brings the object back. */
export interface Blocked {
  readonly kind: 'blocked';
  readonly verdict: Verdict;
}
