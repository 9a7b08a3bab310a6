import { excessOfList } from './limits.ts';
import type { ContainerClass, ContainerSlot } from './pod.ts';
import { quote } from './problem.ts';

/** Which containers take part. Without any including token all of them do, except those that are excluded. */
export interface ContainerFilter {
  readonly include: readonly ContainerToken[];
  readonly exclude: readonly ContainerToken[];
}

/** `app`, `init:*` or `sidecar:proxy`. A container's name can not hold a colon, so a class word is never ambiguous. */
interface ContainerToken {
  readonly class: ContainerClass | undefined;
  /** `*` for every one. */
  readonly name: string;
}

export const allContainers: ContainerFilter = { include: [], exclude: [] };

const classes: readonly string[] = [
  'main',
  'init',
  'sidecar',
  'ephemeral',
] satisfies readonly ContainerClass[];

export type ParsedContainerFilter =
  | { readonly kind: 'filter'; readonly filter: ContainerFilter }
  | { readonly kind: 'illegal'; readonly message: string };

/** Reads `app,!proxy,init:*`. */
export function parseContainerFilter(value: string): ParsedContainerFilter {
  const excess = excessOfList('containers', value, 'choose a class, such as main:*');
  if (excess !== undefined) return { kind: 'illegal', message: excess };
  const include: ContainerToken[] = [];
  const exclude: ContainerToken[] = [];
  for (const item of value.split(',').map((text) => text.trim())) {
    if (item === '') continue;
    const isExcluded = item.startsWith('!');
    const token = parseToken(isExcluded ? item.slice(1) : item);
    if (token === undefined) return { kind: 'illegal', message: illegalToken(item) };
    (isExcluded ? exclude : include).push(token);
  }
  return { kind: 'filter', filter: { include, exclude } };
}

export function selectContainers(
  filter: ContainerFilter,
  slots: readonly ContainerSlot[],
): readonly ContainerSlot[] {
  if (filter.include.length === 0 && filter.exclude.length === 0) return slots;
  const isIncluded = matcher(filter.include);
  const isExcluded = matcher(filter.exclude);
  return slots.filter((slot) => (filter.include.length === 0 || isIncluded(slot)) && !isExcluded(slot));
}

/** Names in the filter that no container has: probably a typing error, or a container that comes later. */
export function unknownContainers(
  filter: ContainerFilter,
  slots: readonly ContainerSlot[],
): readonly string[] {
  if (filter.include.length === 0 && filter.exclude.length === 0) return [];
  const known = new Set(
    slots.flatMap((slot) => [slot.container.name, keyOf(slot.class, slot.container.name)]),
  );
  return [...filter.include, ...filter.exclude]
    .filter((token) => token.name !== '*' && !known.has(keyOf(token.class, token.name)))
    .map(({ name }) => name);
}

function illegalToken(item: string): string {
  return `containers ${quote(item)} is not a name, !name, main:*, init:* or sidecar:*`;
}

function parseToken(text: string): ContainerToken | undefined {
  const colon = text.indexOf(':');
  if (colon < 0) return text === '' ? undefined : { class: undefined, name: text };
  const [word, name] = [text.slice(0, colon), text.slice(colon + 1)];
  return isClass(word) && name !== '' && !name.includes(':') ? { class: word, name } : undefined;
}

function isClass(word: string): word is ContainerClass {
  return classes.includes(word);
}

/** Looks at each container once, however many tokens there are. */
function matcher(tokens: readonly ContainerToken[]): (slot: ContainerSlot) => boolean {
  const keys = new Set(tokens.map((token) => keyOf(token.class, token.name)));
  return ({ class: of, container: { name } }) =>
    keys.size > 0 &&
    (keys.has('*') || keys.has(name) || keys.has(keyOf(of, '*')) || keys.has(keyOf(of, name)));
}

/** As it is written in the annotation. */
function keyOf(of: ContainerClass | undefined, name: string): string {
  return of === undefined ? name : `${of}:${name}`;
}
