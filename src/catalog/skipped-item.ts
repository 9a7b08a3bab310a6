import { printable } from '../base/printable.ts';
import type { SkippedCatalogItem } from '../api/generated/shared-types.ts';

/** Lengths that the CRD allows, and what of the list is kept. */
const maxTextLength = 1024;
export const maxSkippedItems = 50;

/** A note about a part of a catalog that was left out, cut to what a status may hold. */
export function skipped(path: string, name: string | undefined, reason: string): SkippedCatalogItem {
  return {
    path: clean(path),
    ...(name === undefined ? {} : { name: clean(name) }),
    reason: clean(reason),
  };
}

/** For the condition: how many there are, and the first few by name. */
export function describeSkipped(items: readonly SkippedCatalogItem[]): string {
  const shown = items.slice(0, 3).map(({ path, name, reason }) => {
    const what = name === undefined ? path : `${path} (${JSON.stringify(name)})`;
    return `${what.slice(0, 300)}: ${reason.slice(0, 300)}`;
  });
  const rest = items.length > shown.length ? '; see status.skippedItems' : '';
  return `${items.length} ${items.length === 1 ? 'part' : 'parts'} of the catalog could not be used: ${shown.join('; ')}${rest}.`;
}

function clean(text: string): string {
  return printable(text).slice(0, maxTextLength).toWellFormed();
}
