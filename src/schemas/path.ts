import { printable } from '../base/printable.ts';

/** Where a value is: names of properties, and numbers of items. */
export type Path = readonly (string | number)[];

const maxNameLength = 60;

/** As it would be written in JavaScript: `spec.parameters.users[0]["first name"]`. */
export function pathText(root: string, path: Path): string {
  return path.reduce<string>((text, part) => `${text}${partText(part)}`, root);
}

function partText(part: string | number): string {
  if (typeof part === 'number') return `[${part}]`;
  const name = printable(part);
  const short = name.length > maxNameLength ? `${name.slice(0, maxNameLength)}…` : name;
  return /^[A-Za-z_]\w*$/.test(short) ? `.${short}` : `[${JSON.stringify(short)}]`;
}
