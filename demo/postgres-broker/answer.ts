/** What the broker answers: HTTP status and JSON body. */
export interface Answer {
  readonly status: number;
  readonly body: object;
}

export const ok: Answer = { status: 200, body: {} };
export const created: Answer = { status: 201, body: {} };
/** The id is in use with other attributes (OSB, "Provisioning", "Binding"). */
export const conflict: Answer = refused(409, 'this id is in use with other attributes');
/** Nothing there to delete: for the platform a success (OSB, "Deprovisioning", "Unbinding"). */
export const gone: Answer = { status: 410, body: {} };
export const notFound: Answer = refused(404, 'no such resource');
/** An operation on the same instance is running (OSB, "Blocking Operations"). */
export const concurrent: Answer = {
  status: 422,
  body: { error: 'ConcurrencyError', description: 'another operation on this instance is in progress' },
};
/** The plan is only offered asynchronously (OSB, "Asynchronous Operations"). */
export const asyncRequired: Answer = {
  status: 422,
  body: { error: 'AsyncRequired', description: 'this plan needs accepts_incomplete=true' },
};

/** Accepted, to be polled with this operation. */
export function accepted(operation: string): Answer {
  return { status: 202, body: { operation } };
}

/** A failure, with a sentence for the user. */
export function refused(status: number, description: string): Answer {
  return { status, body: { description } };
}
