import pino from 'pino';
import { errorFields, type LogFields, type Logger } from '../base/logger.ts';

export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'silent';

export interface LoggerOptions {
  /** Lines below this level are not written. */
  readonly level: LogLevel;
  /** Takes one line of JSON with its line feed. @default standard output */
  readonly destination?: LogDestination | undefined;
}

export interface LogDestination {
  write(line: string): void;
}

type SpokenLevel = keyof Logger;
type Scalar = string | number | boolean;

/** No single text may fill a log: what brokers and API servers say is quoted in messages. */
const maxTextLength = 4096;

/** What every line has of its own. A field of such a name is written with an underscore behind it. */
const ownKeys: ReadonlySet<string> = new Set(['level', 'time', 'msg']);

/**
 * The program's log: one JSON object a line, `{"level":"info","time":"2026-11-21T09:45:00.000Z","key":…,"msg":…}`.
 *
 * Only strings, numbers and booleans are written, whatever was passed: an object that slipped through a cast could be
 * a Secret or a broker's answer. Lines are written synchronously, so that none is lost however the process ends: a
 * buffer would save less than one of the six microseconds that a line costs.
 */
export function createLogger({ level, destination }: LoggerOptions): Logger {
  const options: pino.LoggerOptions = {
    level,
    // Neither process id nor host: the cluster's log collector knows the Pod.
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
    // Pino's own serializer for errors would write all their properties.
    serializers: { err: String },
  };
  const target = pino(options, destination ?? pino.destination({ dest: 1, sync: true }));
  const line = (spoken: SpokenLevel): Logger[SpokenLevel] =>
    target.isLevelEnabled(spoken)
      ? (fields, message) => target[spoken](scalarsOf(fields), cut(message))
      : () => undefined;
  return { debug: line('debug'), info: line('info'), warn: line('warn'), error: line('error') };
}

function scalarsOf(fields: LogFields): Readonly<Record<string, Scalar>> {
  const scalars: Record<string, Scalar> = {};
  for (const [key, value] of Object.entries(isPlain(fields) ? fields : errorFields(fields))) {
    const scalar = scalarOf(value);
    if (scalar !== undefined) scalars[ownKeys.has(key) ? `${key}_` : key] = scalar;
  }
  return scalars;
}

/** Not an error or another object with a class of its own, whose properties nobody chose for the log. */
function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

function scalarOf(value: unknown): Scalar | undefined {
  if (typeof value === 'string') return cut(value);
  if (typeof value === 'number') return Number.isFinite(value) ? value : String(value);
  if (typeof value === 'boolean') return value;
  return value === undefined ? undefined : `[${typeof value}]`;
}

function cut(text: string): string {
  return text.length <= maxTextLength ? text : `${text.slice(0, maxTextLength)}… (${text.length} characters)`;
}
