/** Something in the annotations that somebody should hear about. */
export interface Problem {
  /** Annotation key, exactly as written. */
  readonly key: string;
  /** A sentence that makes sense alone, of at most 120 characters unless it refuses. Never holds parameters. */
  readonly message: string;
  /**
   * `error`: the Pod can not get what it asks for, and is refused. `mistake`: nobody can have meant it; a Pod starts all the
   * same, but a workload is not written with it. `warning`: it may be meant.
   */
  readonly severity: 'error' | 'mistake' | 'warning';
}

/**
 * Kubernetes asks for warnings of at most 120 characters; when all warnings of an answer together pass 4096, it cuts
 * each one at 256.
 */
const maxMessageLength = 120;

export function error(key: string, message: string, maxLength = maxMessageLength): Problem {
  return { key, message: cut(message, maxLength), severity: 'error' };
}

export function warning(key: string, message: string): Problem {
  return { key, message: cut(message), severity: 'warning' };
}

export function mistake(key: string, message: string): Problem {
  return { key, message: cut(message), severity: 'mistake' };
}

/** At most 120 characters, or as many as are said, the cut shown by an ellipsis. */
export function cut(message: string, maxLength = maxMessageLength): string {
  return message.length <= maxLength ? message : `${message.slice(0, maxLength - 1)}…`;
}

/** Part of an annotation for a message: in quotes, short, and without control characters. */
export function quote(text: string): string {
  const short = text.length <= 40 ? text : `${text.slice(0, 39)}…`;
  return JSON.stringify(short);
}
