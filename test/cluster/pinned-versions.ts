import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** The Go module that names everything the control plane is built from. */
export const controlPlaneModule = join(import.meta.dirname, 'control-plane');

export interface PinnedVersions {
  /** Such as `v1.36.3`. */
  readonly kubernetes: string;
  /** Such as `v3.6.8`. */
  readonly etcd: string;
  /** The oldest Go that can build them, such as `1.26.0`. */
  readonly go: string;
}

/** Reads the versions from go.mod, the only place where they are written. */
export async function pinnedVersions(moduleDirectory = controlPlaneModule): Promise<PinnedVersions> {
  const goMod = await readFile(join(moduleDirectory, 'go.mod'), 'utf8');
  const find = (pattern: RegExp): string => {
    const version = pattern.exec(goMod)?.[1];
    if (version === undefined)
      throw new Error(`${moduleDirectory}/go.mod has no line like ${pattern.source}`);
    return version;
  };
  return {
    kubernetes: find(/^\s*(?:require )?k8s\.io\/kubernetes (v\S+)/m),
    etcd: find(/^\s*(?:require )?go\.etcd\.io\/etcd\/server\/v3 (v\S+)/m),
    go: find(/^go (\S+)/m),
  };
}
