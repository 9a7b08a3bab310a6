import { apiVersion, bindingAnnotationPrefixes, labelPrefix } from '../../src/api/group.ts';
import { brokerAnnotations } from '../../src/api/broker-annotations.ts';
import type { Page } from './broken-links.ts';

/** Every name that others see, whatever sort it is. */
const seenByOthers: Readonly<Record<string, unknown>> = await import('../../src/api/group.ts');

/** A file of the program. */
export type Source = Page;

/** A name that people type or read. */
export interface Name {
  readonly sort: 'flag' | 'annotation' | 'metric' | 'condition' | 'reason';
  readonly name: string;
  /** Where it stands. */
  readonly path: string;
}

/** What shows one of these names in a file of the program, which folders have them, and what looks alike. */
const signs: readonly {
  readonly sort: Exclude<Name['sort'], 'annotation'>;
  readonly in: RegExp;
  readonly sign: RegExp;
  readonly not?: RegExp;
}[] = [
  {
    sort: 'flag',
    in: /^src\/(?:config|main|cli\/.*|commands\/.*)\.ts$/,
    sign: /option\(\s*'(?:-\w, )?(--[a-z][a-z0-9-]*)|flags: '(?:-\w, )?(--[a-z][a-z0-9-]*)/g,
  },
  { sort: 'metric', in: /^src\/observability\//, sign: /name: '([a-z]+_[a-z_]+)'/g },
  {
    sort: 'condition',
    in: /^src\/(?:model|catalog|operations|instances|bindings|workloads)\//,
    sign: /condition\w*\(\w*,? ?'([A-Z][A-Za-z]+)'|type: '([A-Z][A-Za-z]+)', status/g,
  },
  {
    sort: 'reason',
    in: /^src\/(?:model|catalog|operations|instances|bindings|workloads|admission)\//,
    sign: /[rR]eason\w*(?::|\s*=)\s*'([A-Z][a-zA-Z]+)'|'(?:Normal|Warning)',\s*'([A-Z][a-zA-Z]+)'/g,
  },
  {
    sort: 'reason',
    in: /^src\/osb\/outcome-types\.ts$/,
    sign: /^ {2}\| '([A-Z][a-zA-Z]+)'/gm,
    not: /^Cancelled$/,
  },
];

/** Every flag, annotation, metric, condition and reason of the program, once. */
export function namesInCode(sources: readonly Source[]): readonly Name[] {
  const names = [...annotations(), ...signs.flatMap((one) => namesOf(one, sources))];
  const unique = new Map(names.map((name) => [`${name.sort} ${name.name}`, name]));
  return [...unique.values()];
}

function namesOf(
  { sort, in: where, sign, not }: (typeof signs)[number],
  sources: readonly Source[],
): readonly Name[] {
  return sources
    .filter(({ path }) => where.test(path))
    .flatMap(({ path, text }) =>
      [...text.matchAll(sign)].flatMap((match) => {
        const name = match.slice(1).find((part) => part !== undefined);
        return name === undefined || not?.test(name) ? [] : [{ sort, name, path }];
      }),
    );
}

/** All labels and annotations, as the table of names has them. */
function annotations(): readonly Name[] {
  const values = [
    ...Object.values(seenByOthers),
    ...Object.values(bindingAnnotationPrefixes),
    ...Object.values(brokerAnnotations),
  ];
  return values
    .filter((value) => typeof value === 'string')
    .filter((value) => value.includes('servicecatalog.k8s.io/') && !value.startsWith(apiVersion))
    .filter((value) => value !== labelPrefix)
    .map((name) => ({ sort: 'annotation', name, path: 'src/api/group.ts' }) as const);
}
