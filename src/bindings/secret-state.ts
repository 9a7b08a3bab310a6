import { removeCondition, setCondition } from '../api/conditions.ts';
import type { Condition } from '../api/generated/shared-types.ts';
import type { ServiceBinding, ServiceBindingSecretState } from '../api/generated/service-binding.ts';
import { shapeAnnotation } from '../api/group.ts';
import { noShape, parseShape, type ShapeRule } from '../shapes/shape-rule.ts';
import type { SecretContent } from './secret-content.ts';

/** The shape that a binding's annotation asks for, cut to what a status holds: a longer one is refused anyway. */
export function wantedShape({ metadata }: ServiceBinding): string {
  return metadata.annotations?.[shapeAnnotation]?.trim().slice(0, 4096).toWellFormed() ?? '';
}

export interface WantedRule {
  readonly rule: ShapeRule;
  /** Why nothing was understood; the rule is none then. */
  readonly problem?: string;
}

/** What can not be understood must not be in the way of credentials. */
export function wantedRule(shape: string): WantedRule {
  const parsed = parseShape(shape);
  if (parsed.kind === 'rule') return { rule: parsed.rule };
  return { rule: noShape, problem: `${shapeAnnotation} ${parsed.message}; the Secret has no shape by it` };
}

const maxNotes = 20;

/** `status.secret`; undefined when there is nothing to say, so that most bindings have none. */
export function secretState(
  shape: string,
  { missing, notes }: Pick<Extract<SecretContent, { kind: 'data' }>, 'missing' | 'notes'>,
): ServiceBindingSecretState | undefined {
  if (shape === '' && missing.length === 0 && notes.length === 0) return undefined;
  return {
    ...(shape === '' ? {} : { shape }),
    ...(missing.length === 0 ? {} : { missingKeys: missing }),
    // No more than the definition allows: a status that is refused would lose what it says of the credentials.
    ...(notes.length === 0 ? {} : { notes: notes.slice(0, maxNotes).map((note) => note.slice(0, 1000)) }),
  };
}

/** With what is said of keys that came from other Secrets. */
export function withCopies(
  state: ServiceBindingSecretState | undefined,
  copies: ServiceBindingSecretState['copies'],
): ServiceBindingSecretState | undefined {
  return copies === undefined ? state : { ...state, copies };
}

/** Conditions that are there only while they are true; they say nothing about whether the binding works. */
export function withSecretConditions(
  { metadata, status }: ServiceBinding,
  now: string,
): readonly Condition[] {
  const { missingKeys = [], notes: ofShape = [], copies } = status?.secret ?? {};
  const notes = [...ofShape, ...(copies?.notes ?? [])];
  const observedGeneration = metadata.generation ?? 0;
  const tell = (
    list: readonly Condition[],
    type: string,
    message: string,
    reason: string,
  ): readonly Condition[] =>
    message === ''
      ? removeCondition(list, type)
      : setCondition(list, { type, status: 'True', reason, message, observedGeneration }, now);
  const missing =
    missingKeys.length === 0 ? '' : `Readers of its type look for ${missingKeys.join(', ')} in vain`;
  const conditions = tell(status?.conditions ?? [], 'KeysMissing', missing, 'ReaderKeysMissing');
  return tell(conditions, 'ShapeIncomplete', notes.join('; ').slice(0, 2000), 'ShapeNotApplied');
}
