import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ClusterAccess } from '../../cluster/cluster-access.ts';
import { sharedControlPlane } from '../../support/cluster.ts';
import { runCli } from '../../support/run-cli.ts';
import { installDefinitions } from './catalog-cluster.ts';

const alpha = `
apiVersion: servicecatalog.k8s.io/v1alpha1
kind: Broker
metadata: { name: ups-broker, finalizers: [kubernetes] }
spec:
  url: http://ups-broker.example
  authInfo: { basicAuthSecret: { kind: Secret, namespace: ups-broker, name: login } }
---
apiVersion: servicecatalog.k8s.io/v1alpha1
kind: Instance
metadata: { name: db, namespace: default, uid: 72fa629b-ffc7-11e6-b111-0242ac110005 }
spec: { serviceClassName: user-provided-service, planName: default, externalID: one, parameters: { a: yes } }
status: { conditions: [] }
---
apiVersion: servicecatalog.k8s.io/v1alpha1
kind: Binding
metadata: { name: db, namespace: default }
spec: { instanceRef: { name: db }, secretName: db-login, externalID: two }
`;

let cluster: ClusterAccess;
beforeAll(async () => {
  cluster = await sharedControlPlane();
  await installDefinitions(cluster);
}, 60_000);

it('the API server takes what `bindery convert` makes of alpha manifests, every field known', async () => {
  const converted = await runCli(['convert', '-'], alpha);
  expect({ code: converted.code, stderr: converted.stderr }).toEqual({ code: 0, stderr: '' });
  const apply = ['apply', '--dry-run=server', '--validate=strict', '-f', '-'];
  const { code, stdout, stderr } = await cluster.kubectl(apply, converted.stdout);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout.match(/created \(server dry run\)/g)).toHaveLength(3);
});

it('directories and files are read, and the exit code says whether all of it was converted', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'bindery-convert-'));
  await using cleanUp = new AsyncDisposableStack();
  cleanUp.defer(async () => rm(directory, { recursive: true }));
  const nameless = JSON.stringify({
    apiVersion: 'servicecatalog.k8s.io/v1alpha1',
    kind: 'Binding',
    spec: {},
  });
  await writeFile(join(directory, 'a.yaml'), alpha);
  await writeFile(join(directory, 'b.json'), nameless);
  await writeFile(join(directory, 'c.txt'), 'not: read');
  const all = await runCli(['convert', directory]);
  expect(all.code).toBe(2);
  expect(all.stdout.match(/^kind: /gm)).toHaveLength(3);
  expect(all.stderr).toBe(`${join(directory, 'b.json')}:1: Binding "" is left out: it names no instance\n`);
  const missing = await runCli(['convert', join(directory, 'd.yaml')]);
  expect(missing.code).toBe(1);
  expect(missing.stderr).toContain('d.yaml can not be read');
});
