import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * A `go` that answers `go env GOVERSION` and "builds" small scripts. It writes each call to a file, fails on the
 * package FAKE_GO_FAILS and, while the file FAKE_GO_HOLD exists, waits in the middle of a build.
 */
const script = `#!/bin/sh
if [ "$1" = env ]; then echo "\${FAKE_GO_VERSION:-go1.26.8}"; exit 0; fi
output= package=
for argument; do
  [ "$previous" = -o ] && output=$argument
  previous=$argument package=$argument
done
echo "$package flags=$GOFLAGS toolchain=$GOTOOLCHAIN work=$GOWORK cgo=$CGO_ENABLED arguments=$*" >> "$FAKE_GO_CALLS"
echo k8s.io/some/package >&2
if [ "$package" = "$FAKE_GO_FAILS" ]; then echo "some.go:1:1: this does not compile" >&2; exit 1; fi
echo half > "$output"
while [ -e "$FAKE_GO_HOLD" ]; do sleep 0.05; done
printf '#!/bin/sh\\necho %s\\n' "$package" > "$output"
chmod +x "$output"
`;

export interface FakeGo {
  /** Everything of the test lies in it. */
  readonly directory: string;
  /** Environment in which only this `go`, an empty cache and no assets are found. */
  readonly env: Record<string, string>;
  /** A Go module with pinned versions. */
  readonly moduleDirectory: string;
  /** The calls of `go build` so far. */
  calls(): Promise<readonly string[]>;
  remove(): Promise<void>;
}

export async function makeFakeGo(): Promise<FakeGo> {
  const directory = await mkdtemp(join(tmpdir(), 'bindery-test-'));
  const bin = join(directory, 'bin');
  const moduleDirectory = join(directory, 'module');
  const callsPath = join(directory, 'calls');
  await Promise.all([mkdir(bin), mkdir(moduleDirectory)]);
  await writeFile(join(bin, 'go'), script, { mode: 0o755 });
  await writeFile(callsPath, '');
  await writeFile(join(moduleDirectory, 'go.sum'), 'sums\n');
  await writeFile(
    join(moduleDirectory, 'go.mod'),
    'module m\n\ngo 1.26.0\n\nrequire (\n\tgo.etcd.io/etcd/server/v3 v3.6.8 // indirect\n\tk8s.io/kubernetes v1.36.3 // indirect\n)\n',
  );
  return {
    directory,
    moduleDirectory,
    env: {
      PATH: `${bin}:/usr/bin:/bin`,
      HOME: join(directory, 'home'),
      BINDERY_CACHE: join(directory, 'cache'),
      FAKE_GO_CALLS: callsPath,
      FAKE_GO_HOLD: join(directory, 'hold'),
    },
    calls: async () => (await readFile(callsPath, 'utf8')).split('\n').filter((line) => line !== ''),
    remove: () => rm(directory, { recursive: true, force: true }),
  };
}
