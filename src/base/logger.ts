/**
 * The part of pino's interface that the program uses. Fields are an allow-list written at the call:
 * never a whole object of Kubernetes or of a broker, since those may hold credentials.
 */
export interface Logger {
  debug(fields: LogFields, message: string): void;
  info(fields: LogFields, message: string): void;
  warn(fields: LogFields, message: string): void;
  error(fields: LogFields, message: string): void;
}

export type LogFields = Readonly<Record<string, string | number | boolean | undefined>>;

/** Says nothing. */
export const silentLogger: Logger = { debug() {}, info() {}, warn() {}, error() {} };

/** What may be logged of a thrown value: its class, code and message, never its own properties. */
export function errorFields(error: unknown): LogFields {
  if (!isErrorLike(error)) return { error: String(error) };
  const code = 'code' in error && typeof error.code === 'string' ? error.code : undefined;
  return { error: error.message, errorType: error.name, errorCode: code };
}

/** The message of a thrown value. Duck-typed, because `instanceof Error` is false across realms. */
export function errorMessage(error: unknown): string {
  return isErrorLike(error) ? error.message : String(error);
}

function isErrorLike(value: unknown): value is Error {
  return (
    typeof value === 'object' && value !== null && 'message' in value && typeof value.message === 'string'
  );
}
