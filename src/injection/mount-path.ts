/** Paths inside containers. Those of Windows may have a drive letter, use backslashes, and ignore case. */

/** True for `/a` and for `C:\a`; `..` would leave the place that the path seems to name. */
export function isAbsolute(path: string): boolean {
  return /^(\/|[A-Za-z]:[\\/])/.test(path) && !/(^|[\\/])\.\.([\\/]|$)/.test(path) && !path.includes('\0');
}

/** Without doubled and trailing separators and without `.`, otherwise as written. */
export function tidyPath(path: string): string {
  if (!/[\\/]{2}|[\\/]$|[\\/]\.([\\/]|$)/.test(path)) return path;
  const tidy = path.replaceAll(/([\\/])(\.?[\\/])+/g, '$1').replace(/[\\/]\.?$/, '');
  return tidy === '' || /^[A-Za-z]:$/.test(tidy) ? `${tidy}${path.includes('\\') ? '\\' : '/'}` : tidy;
}

/** `root` and a name below it. */
export function joinPath(root: string, name: string): string {
  const tidy = tidyPath(root);
  const separator = tidy.includes('\\') ? '\\' : '/';
  return tidy.endsWith(separator) ? tidy + name : tidy + separator + name;
}

/** How one mount path lies to another. */
export type PathRelation = 'same' | 'parent' | 'child' | 'apart';

/** Says what `path` is to `other`: the same directory, one above it, one below it, or neither. */
export function pathRelation(path: string, other: string, windows: boolean): PathRelation {
  const left = comparable(path, windows);
  const right = comparable(other, windows);
  if (left === right) return 'same';
  if (right.startsWith(left.endsWith('/') ? left : `${left}/`)) return 'parent';
  return left.startsWith(right.endsWith('/') ? right : `${right}/`) ? 'child' : 'apart';
}

function comparable(path: string, windows: boolean): string {
  const tidy = tidyPath(path);
  if (!windows) return tidy;
  const slashes = tidy.replaceAll('\\', '/').toLowerCase();
  // The kubelet puts the system drive before a path that has none.
  return slashes.startsWith('/') ? `c:${slashes}` : slashes;
}
