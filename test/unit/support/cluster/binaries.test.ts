import { spawn } from 'node:child_process';
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { findBinaries, type Binaries } from '../../../cluster/binaries.ts';
import { waitFor } from '../../../support/wait-for.ts';
import { makeFakeGo, type FakeGo } from './fake-go.ts';

const all = ['etcd', 'kube-apiserver', 'kube-controller-manager', 'kubectl'];

describe('the search for the programs of a control plane', () => {
  let go: FakeGo;
  let lines: string[];

  beforeEach(async () => {
    go = await makeFakeGo();
    lines = [];
  });
  afterEach(async () => {
    await rm(go.env['FAKE_GO_HOLD'] ?? '', { force: true });
    await go.remove();
  });

  async function find(env: Record<string, string> = {}): Promise<Binaries> {
    return findBinaries({
      env: { ...go.env, ...env },
      moduleDirectory: go.moduleDirectory,
      log: (line) => lines.push(line),
      progressMs: 20,
    });
  }

  async function makeAssets(names: readonly string[]): Promise<string> {
    const assets = join(go.directory, 'assets');
    await mkdir(assets);
    for (const name of names) await writeFile(join(assets, name), '#!/bin/sh\n', { mode: 0o755 });
    return assets;
  }

  it('builds what is nowhere, once', async () => {
    const first = await find();
    expect((await go.calls()).map((call) => call.split(' ')[0])).toEqual([
      'go.etcd.io/etcd/server/v3',
      'k8s.io/kubernetes/cmd/kube-apiserver',
      'k8s.io/kubernetes/cmd/kube-controller-manager',
      'k8s.io/kubernetes/cmd/kubectl',
    ]);
    expect(lines.join('\n')).toMatch(/Building etcd v3\.6\.8, kube-apiserver v1\.36\.3.*takes about/);
    expect(lines.join('\n')).toContain('4 of 4: kubectl v1.36.3, done after');
    lines = [];
    expect(await find()).toEqual(first);
    expect(await go.calls()).toHaveLength(4);
    expect(lines).toEqual([]);
  });

  it("is not disturbed by the user's settings of Go", async () => {
    await find({
      GOFLAGS: '-mod=vendor',
      GOTOOLCHAIN: 'go1.21.0',
      GOWORK: '/elsewhere/go.work',
      CGO_ENABLED: '1',
    });
    const calls = await go.calls();
    expect(calls).toHaveLength(4);
    for (const call of calls) {
      expect(call).toContain('flags=-mod=readonly -buildvcs=false toolchain=local work=off cgo=0 ');
    }
    expect(calls[3]).toContain('-X k8s.io/component-base/version.gitVersion=v1.36.3');
    expect(calls[3]).toContain('version.gitMajor=1');
    expect(calls[3]).toContain('version.gitMinor=36');
  });

  it('takes KUBEBUILDER_ASSETS before all else', async () => {
    const assets = await makeAssets(all);
    expect(await find({ KUBEBUILDER_ASSETS: assets })).toEqual({
      etcd: join(assets, 'etcd'),
      kubeApiserver: join(assets, 'kube-apiserver'),
      kubeControllerManager: join(assets, 'kube-controller-manager'),
      kubectl: join(assets, 'kubectl'),
    });
    expect(await go.calls()).toEqual([]);
  });

  it('builds only what KUBEBUILDER_ASSETS lacks, and says so', async () => {
    const assets = await makeAssets(['etcd', 'kube-apiserver', 'kubectl']);
    const found = await find({ KUBEBUILDER_ASSETS: assets });
    expect(dirname(found.kubectl)).toBe(assets);
    expect(found.kubeControllerManager).toContain(go.env['BINDERY_CACHE']);
    expect(await go.calls()).toHaveLength(1);
    expect(lines[0]).toBe(`KUBEBUILDER_ASSETS=${assets} has no kube-controller-manager: looking further`);
  });

  it('builds only what the cache lacks', async () => {
    const { etcd } = await find();
    await rm(etcd);
    await find();
    expect((await go.calls()).map((call) => call.split(' ')[0])).toEqual([
      ...(await go.calls()).slice(0, 4).map((call) => call.split(' ')[0]),
      'go.etcd.io/etcd/server/v3',
    ]);
  });

  it('does not take the programs of another go.mod', async () => {
    const before = await find();
    await writeFile(join(go.moduleDirectory, 'go.sum'), 'other sums\n');
    const after = await find();
    expect(dirname(after.etcd)).not.toBe(dirname(before.etcd));
    expect(await go.calls()).toHaveLength(8);
  });

  it.each([
    ['BINDERY_CACHE', { BINDERY_CACHE: '/c', XDG_CACHE_HOME: '/x' }, '/c/'],
    ['XDG_CACHE_HOME', { BINDERY_CACHE: '', XDG_CACHE_HOME: '/x' }, '/x/bindery/'],
    [
      'the home directory',
      { BINDERY_CACHE: '', XDG_CACHE_HOME: 'relative', HOME: '/h' },
      '/h/.cache/bindery/',
    ],
  ])('names the cache in %s, and what to do, when there is no Go', async (_where, env, place) => {
    await expect(find({ ...env, PATH: go.directory })).rejects.toMatchObject({
      code: 'BINDERY_MISSING_BINARIES',
      message: expect.stringMatching(
        new RegExp(
          `etcd, kube-apiserver, kube-controller-manager, kubectl, found in none[\\s\\S]*not set[\\s\\S]*${place}kubernetes-v1\\.36\\.3-` +
            '[\\s\\S]*no go on the PATH[\\s\\S]*Install Go 1\\.26 or newer[\\s\\S]*KUBEBUILDER_ASSETS[\\s\\S]*BINDERY_USE_KUBECONFIG=1',
        ),
      ),
    });
  });

  it.each(['go1.25.9', 'go1.21', 'go0.99.1', 'unknown'])('does not build with %s', async (version) => {
    await expect(find({ FAKE_GO_VERSION: version })).rejects.toThrow(`${version}, too old`);
    expect(await go.calls()).toEqual([]);
  });

  it.each(['go1.26.0', 'go1.27rc1', 'devel go1.28-2f3a9c', 'go2.0.1'])('builds with %s', async (version) => {
    await find({ FAKE_GO_VERSION: version });
    expect(await go.calls()).toHaveLength(4);
  });

  it('shows what the compiler complained about, and keeps what was finished', async () => {
    const fails = 'k8s.io/kubernetes/cmd/kube-apiserver';
    await expect(find({ FAKE_GO_FAILS: fails })).rejects.toThrow(
      /go build of k8s\.io\/kubernetes\/cmd\/kube-apiserver ended with code 1: some\.go:1:1: this does not compile/,
    );
    await find();
    expect((await go.calls()).filter((call) => call.startsWith('go.etcd.io'))).toHaveLength(1);
  });

  it('lets one of several that ask at once do the building', async () => {
    const [first, second, third] = await Promise.all([find(), find(), find()]);
    expect(second).toEqual(first);
    expect(third).toEqual(first);
    expect(await go.calls()).toHaveLength(4);
    expect(lines.filter((line) => line.startsWith('Waiting for another process'))).toHaveLength(2);
  });

  it('tells how far a long build is', async () => {
    await writeFile(go.env['FAKE_GO_HOLD'] ?? '', '');
    const finding = find();
    await waitFor(() =>
      lines.some((line) => line.includes('1 of 4: etcd v3.6.8, 1 packages compiled, 0 s of about')),
    );
    await rm(go.env['FAKE_GO_HOLD'] ?? '');
    await finding;
  });

  it('is not fooled by a builder that was killed: no half program, no stale lock, no compiler left', async () => {
    const hold = go.env['FAKE_GO_HOLD'] ?? '';
    await writeFile(hold, '');
    const source = `
      import { findBinaries } from ${JSON.stringify(join(import.meta.dirname, '../../../cluster/binaries.ts'))};
      await findBinaries({ moduleDirectory: ${JSON.stringify(go.moduleDirectory)} });`;
    const builder = spawn(process.execPath, ['--input-type=module', '--eval', source], {
      env: go.env,
      stdio: 'ignore',
    });
    const exited = new Promise((resolve) => builder.once('exit', resolve));
    const cache = go.env['BINDERY_CACHE'] ?? '';
    const cached = async (): Promise<string[]> => readdir(cache, { recursive: true }).catch(() => []);
    await waitFor(async () => (await cached()).some((name) => name.includes('.unfinished-')));

    // While it lives, others wait.
    const finding = find();
    await waitFor(() => lines.some((line) => line.startsWith('Waiting for another process')));
    builder.kill('SIGKILL');
    await exited;
    await waitFor(async () => (await go.calls()).length === 2);
    await rm(hold);
    await finding;
    expect(await go.calls()).toHaveLength(5);
    expect((await cached()).filter((name) => name.includes('.unfinished-'))).toEqual([]);
  });
});
