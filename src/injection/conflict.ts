import { cut } from './problem.ts';

/** Something that can not be added because something else is there. Holds names and paths, never values. */
export interface Conflict {
  /** Binding, or item of a PodPreset, that wanted it. */
  readonly binding: string;
  /** Container; undefined for something of the whole Pod. */
  readonly container?: string;
  /** What it is about, in the words of the Pod: `env DATABASE_URL`, `mountPath /bindings/db`, `volume sb-db-…`. */
  readonly field: string;
  /** Who has it, and why both can not be: a half sentence that follows the field. */
  readonly reason: string;
  /** True when the policy `keep-mine` may leave it to the user's own entry. */
  readonly keepable: boolean;
}

/** One conflict in one line: who wants what where, and what is in the way. */
function describeConflict(conflict: Conflict): string {
  return `binding "${conflict.binding}": ${obstacle(conflict)}`;
}

/** The same without who wants it, short enough to be noted. */
export function describeObstacle(conflict: Conflict): string {
  return cut(obstacle(conflict));
}

function obstacle({ container, field, reason }: Conflict): string {
  const place = container === undefined ? '' : `container "${container}", `;
  return `${place}${field} ${reason}`;
}

/** Names and paths of a Pod are of any length until the API server has looked at them. */
const maxLength = 256;

/** The text with which a Pod is refused. It has to make sense inside the condition of a ReplicaSet. */
export function denialMessage(conflicts: readonly Conflict[]): string {
  const shown = conflicts.slice(0, 5).map((conflict) => cut(describeConflict(conflict), maxLength));
  const more = conflicts.length - shown.length;
  const rest = more > 0 ? `; and ${more} more` : '';
  const hint = conflicts.every(({ keepable }) => keepable)
    ? '. Remove one of the two, or set the annotation conflict.servicecatalog.k8s.io/policy to keep-mine'
    : '';
  return `service bindings can not be injected: ${shown.join('; ')}${rest}${hint}`;
}

/** The same as a warning, which has to be short. */
export function conflictWarning(conflict: Conflict): string {
  return cut(describeConflict(conflict));
}
