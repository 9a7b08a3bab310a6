import { closeSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { dump, DUMP_SCHEMA, type Schema } from 'js-yaml';
import { isNumber } from '../../base/json.ts';
import { printable } from '../../base/printable.ts';
import type { Manifest } from './exported-object.ts';

export type ManifestFormat = 'yaml' | 'json';

/** Where manifests go, one after the other, so that no more than one is in memory. */
export interface ManifestSink {
  /** @param notes lines that are told before it, where the format has comments */
  add(manifest: Manifest, notes?: readonly string[]): void;
  comment(lines: readonly string[]): void;
  /** Without it what was written is not whole, and a file is not there. */
  end(): void;
  /** Takes away what was begun. */
  discard(): void;
}

/** @param file in the place of stdout; it appears when it is whole, and is its owner's alone */
export function manifestSink(format: ManifestFormat, file: string | undefined): ManifestSink {
  const out = file === undefined ? standardOutput : wholeFile(file);
  return format === 'json' ? jsonList(out) : yamlStream(out);
}

interface Output {
  write(text: string): void;
  end(): void;
  discard(): void;
}

/** Writes to pipes, files and terminals are synchronous on POSIX systems. */
const standardOutput: Output = {
  write: (text) => void process.stdout.write(text),
  end: () => undefined,
  discard: () => undefined,
};

function wholeFile(file: string): Output {
  const begun = `${file}.part`;
  rmSync(begun, { force: true });
  const descriptor = openSync(begun, 'wx', 0o600);
  return {
    write: (text) => {
      const bytes = Buffer.from(text);
      for (let at = 0; at < bytes.length;) at += writeSync(descriptor, bytes, at);
    },
    end: () => {
      closeSync(descriptor);
      renameSync(begun, file);
    },
    discard: () => {
      closeSync(descriptor);
      rmSync(begun, { force: true });
    },
  };
}

function yamlStream(out: Output): ManifestSink {
  const comment = (lines: readonly string[]): void =>
    out.write(lines.map((line) => `# ${printable(line)}\n`).join(''));
  return {
    add: (manifest, notes = []) => {
      out.write('---\n');
      comment(notes);
      out.write(manifestYaml(manifest));
    },
    comment,
    end: () => out.end(),
    discard: () => out.discard(),
  };
}

function jsonList(out: Output): ManifestSink {
  let isFirst = true;
  out.write('{"apiVersion":"v1","kind":"List","metadata":{},"items":[');
  return {
    add: (manifest) => {
      out.write(`${isFirst ? '' : ','}\n${JSON.stringify(manifest)}`);
      isFirst = false;
    },
    comment: () => undefined,
    end: () => {
      out.write('\n]}\n');
      out.end();
    },
    discard: () => out.discard(),
  };
}

/** YAML that is read alike by parsers of YAML 1.1, as that of kubectl is, and 1.2. */
export function manifestYaml(manifest: Manifest): string {
  return dump(manifest, { schema: exactSchema, lineWidth: -1, noRefs: true });
}

/** Integers beyond 2^53 are written as they were read. */
const exactSchema: Schema = DUMP_SCHEMA.withTags(
  DUMP_SCHEMA.tags.flatMap((tag) =>
    tag.nodeKind === 'scalar' && tag.tagName === 'tag:yaml.org,2002:int'
      ? {
          ...tag,
          identify: (value: unknown) => isRaw(value) || tag.identify(value),
          represent: (value: unknown) => (isRaw(value) ? JSON.stringify(value) : tag.represent(value)),
        }
      : [],
  ),
);

function isRaw(value: unknown): boolean {
  return typeof value === 'object' && isNumber(value);
}
