import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

/**
 * Rewrites mount paths in a text to where their files really are. This stands in for a mount namespace:
 * the program sees `/tmp/x/bindings/db` where a container would see `/bindings/db`.
 *
 * Rewritten are a mount path and what is below it, and also a parent directory of a mount path when this
 * machine has no such directory: so SERVICE_BINDING_ROOT=/bindings is rewritten for a mount at /bindings/db,
 * and /etc is not for a mount at /etc/app.
 */
export function translatePaths(
  text: string,
  mountPaths: readonly string[],
  root: string,
  existsHere: (path: string) => boolean = existsSync,
): string {
  const candidates = new Set<string>();
  for (const mountPath of mountPaths.map(withoutSlashAtEnd)) {
    candidates.add(mountPath);
    for (let parent = dirname(mountPath); parent !== '/' && parent !== '.'; parent = dirname(parent)) {
      if (!existsHere(parent)) candidates.add(parent);
    }
  }
  if (candidates.size === 0) return text;
  const longestFirst = [...candidates].sort((a, b) => b.length - a.length);
  const alternatives = longestFirst.map(escapeForRegExp).join('|');
  // A path begins the text or follows something that can not be part of one (or `file://`), and ends at a slash
  // or at something that can not be part of its last name.
  const pattern = new RegExp(`(?<=^|file://|[^\\w./-])(?:${alternatives})(?=$|[^\\w.-])`, 'g');
  return text.replaceAll(pattern, (path) => join(root, path));
}

function withoutSlashAtEnd(path: string): string {
  return path.replace(/\/+$/, '');
}

function escapeForRegExp(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|]/g, String.raw`\$&`);
}
