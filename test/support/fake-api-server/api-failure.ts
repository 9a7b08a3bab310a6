/** An answer other than 2xx. Its body is a v1.Status, as kube-apiserver words it. */
export class ApiFailure extends Error {
  readonly code: number;
  readonly reason: string;
  readonly retryAfterSeconds: number | undefined;
  readonly causes: readonly { reason: string; message: string }[];

  constructor(
    code: number,
    reason: string,
    message: string,
    extra: { retryAfterSeconds?: number; causes?: readonly { reason: string; message: string }[] } = {},
  ) {
    super(message);
    this.code = code;
    this.reason = reason;
    this.retryAfterSeconds = extra.retryAfterSeconds;
    this.causes = extra.causes ?? [];
  }

  toStatus(): object {
    const { code, reason, message, causes, retryAfterSeconds } = this;
    const details = {
      ...(causes.length > 0 ? { causes } : {}),
      ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }),
    };
    return {
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Failure',
      message,
      reason,
      details,
      code,
    };
  }
}

export const notFound = (what: string): ApiFailure => new ApiFailure(404, 'NotFound', `${what} not found`);
export const conflict = (message: string): ApiFailure => new ApiFailure(409, 'Conflict', message);
export const gone = (message: string): ApiFailure => new ApiFailure(410, 'Expired', message);
