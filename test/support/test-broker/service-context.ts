import type { AsyncBehaviour } from './behaviour.ts';
import type { BrokerState, PendingOperation } from './broker-state.ts';
import type { CatalogDocument, PlanDocument, ServiceDocument } from './sample-catalog.ts';

export type AsyncOperation = PendingOperation['of'];

/** What the broker would answer on a good day. */
export interface OrdinaryAnswer {
  readonly status: number;
  readonly body: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** One request as the protocol sees it. */
export interface ServiceRequest {
  readonly instanceId: string;
  readonly bindingId: string;
  readonly query: Readonly<Record<string, string>>;
  readonly body: Readonly<Record<string, unknown>>;
  /** Set when this very operation shall be asynchronous. */
  readonly asynchronous: AsyncBehaviour | undefined;
}

/** Everything that the operations share. */
export interface ServiceContext {
  readonly state: BrokerState;
  readonly catalog: () => CatalogDocument;
  /** Hand out credentials only once: in the first answer that could hold them. */
  readonly credentialsOnce: boolean;
  /** Refuse bindings that are not for an application. */
  readonly requiresApp: boolean;
  readonly credentials: (bindingId: string) => Readonly<Record<string, unknown>>;
  readonly dashboardUrl: (instanceId: string) => string;
  /** The platform broke a rule of the specification; begins with the obligation's id. */
  readonly violation: (text: string) => void;
}

export function refuse(status: number, description: string, error?: string): OrdinaryAnswer {
  return { status, body: error === undefined ? { description } : { error, description } };
}

export const concurrencyError: OrdinaryAnswer = refuse(
  422,
  'Another operation for this instance or binding is in progress.',
  'ConcurrencyError',
);

/** An empty and a missing one are the same. */
export function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

export function findPlan(
  catalog: CatalogDocument,
  serviceId: string,
  planId: string,
): { readonly service: ServiceDocument; readonly plan: PlanDocument } | undefined {
  const service = catalog.services.find(({ id }) => id === serviceId);
  const plan = service?.plans.find(({ id }) => id === planId);
  return service === undefined || plan === undefined ? undefined : { service, plan };
}

/** Text that survives only exact percent-encoding. */
const awkwardOperation = 'task 1&2=3#4?5+6%7/ü"\'()*!~';

/** Starts an asynchronous operation and tells the platform so. */
export function accept(
  of: AsyncOperation,
  planId: string,
  behaviour: AsyncBehaviour,
  finish: () => void,
): { readonly pending: PendingOperation; readonly answer: OrdinaryAnswer } {
  const operation = behaviour.operation === undefined ? awkwardOperation : behaviour.operation;
  const pending: PendingOperation = {
    of,
    operation: text(operation),
    planId,
    behaviour,
    finish,
    pollsLeft: behaviour.polls ?? 1,
  };
  return { pending, answer: { status: 202, body: operation === null ? {} : { operation } } };
}

/** The 202 of an operation that goes on already. */
export function stillPending(pending: PendingOperation): OrdinaryAnswer {
  return { status: 202, body: pending.operation === '' ? {} : { operation: pending.operation } };
}

/** Answers that are asynchronous need the platform's consent. */
export function asyncRefused(request: ServiceRequest): OrdinaryAnswer | undefined {
  if (request.asynchronous === undefined || request.query['accepts_incomplete'] === 'true') return undefined;
  return refuse(422, 'This plan needs asynchronous operations.', 'AsyncRequired');
}
