import type { ContainerClass, ContainerSlot } from './pod.ts';

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
  | { readonly kind: 'illegal'; readonly token: string };

/** Reads `app,!proxy,init:*`. */
export function parseContainerFilter(value: string): ParsedContainerFilter {
  const include: ContainerToken[] = [];
  const exclude: ContainerToken[] = [];
  for (const item of value.split(',').map((text) => text.trim())) {
    if (item === '') continue;
    const isExcluded = item.startsWith('!');
    const token = parseToken(isExcluded ? item.slice(1) : item);
    if (token === undefined) return { kind: 'illegal', token: item };
    (isExcluded ? exclude : include).push(token);
  }
  return { kind: 'filter', filter: { include, exclude } };
}

export function selectContainers(
  filter: ContainerFilter,
  slots: readonly ContainerSlot[],
): readonly ContainerSlot[] {
  if (filter.include.length === 0 && filter.exclude.length === 0) return slots;
  return slots.filter(
    (slot) =>
      (filter.include.length === 0 || filter.include.some((token) => matches(token, slot))) &&
      !filter.exclude.some((token) => matches(token, slot)),
  );
}

/** Names in the filter that no container has: probably a typing error, or a container that comes later. */
export function unknownContainers(
  filter: ContainerFilter,
  slots: readonly ContainerSlot[],
): readonly string[] {
  if (filter.include.length === 0 && filter.exclude.length === 0) return [];
  return [...filter.include, ...filter.exclude]
    .filter((token) => token.name !== '*' && !slots.some((slot) => matches(token, slot)))
    .map(({ name }) => name);
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

function matches(token: ContainerToken, slot: ContainerSlot): boolean {
  return (
    (token.class === undefined || token.class === slot.class) &&
    (token.name === '*' || token.name === slot.container.name)
  );
}
