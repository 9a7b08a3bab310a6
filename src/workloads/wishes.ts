import { generatedName } from '../api/names.ts';
import { parseAnnotations } from '../injection/annotations.ts';

/** A service, or only a binding, that annotations ask for. */
export interface Wish {
  /** Of the object that is made for it. */
  readonly name: string;
  /** `request/<class>/<plan>` makes an instance as well; `instance/<i>` is for one that is there. */
  readonly request: { readonly class: string; readonly plan: string } | undefined;
  /** Name of the instance that is bound. */
  readonly instance: string;
  /** The annotation's value. */
  readonly source: string;
  /** JSON, or where it is; empty for none. As text: it is looked at only when something is made. */
  readonly parameters: string;
}

export interface Wishes {
  readonly list: readonly Wish[];
  /** False when something is asked for that can not be understood: what that is nobody knows. */
  readonly isComplete: boolean;
}

export const noWishes: Wishes = { list: [], isComplete: true };

/** What annotations ask to be made. */
export function wishesOf(annotations: Readonly<Record<string, string>>): Wishes {
  const { requests, problems } = parseAnnotations(annotations);
  const list = requests.flatMap(({ name: binding, source, sourceText, parameters }): readonly Wish[] => {
    if (source.kind !== 'request' && source.kind !== 'instance') return [];
    const name = generatedName(binding, sourceText, parameters);
    const wish = { name, source: sourceText, parameters };
    return source.kind === 'request'
      ? [{ ...wish, request: { class: source.class, plan: source.plan }, instance: name }]
      : [{ ...wish, request: undefined, instance: source.instance }];
  });
  return { list, isComplete: problems.every(({ severity }) => severity === 'warning') };
}
