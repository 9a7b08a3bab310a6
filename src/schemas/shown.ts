import { printable } from '../base/printable.ts';
import type { Budget } from './budget.ts';
import { weigh } from './equal.ts';

const maxTextLength = 80;
/** Of what is longer the rest is not even cleaned. */
const maxReadLength = 1000;
const maxListLength = 200;

/** Something that a schema says, as JSON, in a sentence. Paid for by what it is. */
export function shownText(value: unknown, budget: Budget): string {
  weigh(value, budget);
  const text = printable((JSON.stringify(value) ?? '').slice(0, maxReadLength));
  return text.length > maxTextLength ? `${text.slice(0, maxTextLength)}…` : text;
}

/** Values that are allowed: "a", "b" or "c"; not all when they are many. */
export function shownList(values: readonly unknown[], budget: Budget): string {
  const shown: string[] = [];
  let length = 0;
  for (const value of values) {
    const text = shownText(value, budget);
    length += text.length + 2;
    if (length > maxListLength) return `one of ${shown.join(', ')}, …`;
    shown.push(text);
  }
  return shown.length > 1 ? `${shown.slice(0, -1).join(', ')} or ${shown.at(-1)}` : (shown[0] ?? 'left out');
}
