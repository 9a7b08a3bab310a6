/** The middle of the demo: from a registered broker to a process that logs in, and back to nothing. */
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { kubectlReader } from '../test/support/kubelet-lite/kubectl-reader.ts';
import { resolvePod } from '../test/support/kubelet-lite/resolve-pod.ts';
import { startContainer, type RunningContainer } from '../test/support/kubelet-lite/run-container.ts';
import { injectedParts, type Pod } from './pod-view.ts';
import { kubectl, type Scene } from './scene.ts';
import { describeSqlView, sqlView } from './sql-view.ts';
import type { Tell } from './story.ts';
import { until, type Sight } from './until.ts';

export const namespace = 'demo';
export const app = 'guestbook';
const container = 'guestbook';
const description = 'DESCRIPTION:.spec.description';
const checkout = fileURLToPath(new URL('..', import.meta.url));

export async function registerBroker(scene: Scene, tell: Tell): Promise<void> {
  const { url, username, password } = scene.broker;
  const template = await readFile(new URL('broker.yaml', import.meta.url), 'utf8');
  const manifest = template.replaceAll(/^#.*\n/gm, '');
  const fill = (values: Readonly<Record<string, string>>): string =>
    manifest.replaceAll(/\$([A-Z]+)/g, (_whole, name: string) => JSON.stringify(values[name] ?? ''));
  await kubectl(scene, ['apply', '-f', '-'], fill({ URL: url, USERNAME: username, PASSWORD: password }));
  tell(fill({ URL: url, USERNAME: username, PASSWORD: '(random, not shown)' }));
  await kubectl(scene, ['wait', '--for=condition=Ready', 'csbroker/postgres', '--timeout=60s']);
  const offer = (heading: string): string => `custom-columns=${heading}:.spec.externalName,${description}`;
  for (const query of [['csbroker'], ['csclass', '-o', offer('CLASS')], ['csplan', '-o', offer('PLAN')]]) {
    tell(`\n${await kubectl(scene, ['get', ...query])}`);
  }
}

export async function deploy(scene: Scene, tell: Tell, plan = 'small'): Promise<void> {
  const template = await readFile(new URL('app.yaml', import.meta.url), 'utf8');
  const manifest = template.replace('request/postgresql/small', `request/postgresql/${plan}`);
  tell(`demo/app.yaml: ${/^.*bind\.servicecatalog.*$/m.exec(manifest)?.[0].trim()}`);
  tell(await kubectl(scene, ['apply', '-f', '-'], manifest));
}

/** The Pod that Kubernetes has made of the Deployment by way of a ReplicaSet. */
export async function waitForPod(scene: Scene, tell: Tell): Promise<Pod> {
  const pod = await until(`a Pod of Deployment ${app}`, async () => firstPod(scene), scene);
  tell(injectedParts(pod));
  return pod;
}

export async function waitForCredentials(scene: Scene, tell: Tell): Promise<void> {
  const look = async (): Promise<Sight<true>> => {
    const names = await kubectl(scene, ['get', 'sbind', '-n', namespace, '-o', 'name']);
    return names === '' ? { instead: `no ServiceBinding in namespace ${namespace}` } : { found: true };
  };
  await until('a ServiceBinding', look, scene);
  const wait = ['wait', '--for=condition=Ready', '--timeout=60s', '-n', namespace, '--all'];
  await kubectl(scene, [...wait, 'sinst,sbind']);
  for (const resource of ['sinst', 'sbind', 'secrets']) {
    tell(await kubectl(scene, ['get', resource, '-n', namespace]));
    tell('');
  }
  tell(describeSqlView(await sqlView(scene.broker.postgres)));
}

/**
 * Starts the container's command as a node would, with nothing but the Pod's own environment and volumes, and
 * waits for what it reads back from the database.
 */
export async function startApplication(scene: Scene, pod: Pod, tell: Tell): Promise<RunningContainer> {
  const resolved = await resolvePod(kubectlReader(scene.plane.kubectl), pod);
  // The directory stands for the image: there the package pg is installed.
  const running = await startContainer(resolved, container, { cwd: checkout });
  try {
    tell(await until('a row from the application', async () => firstRow(running), scene));
    return running;
  } catch (error: unknown) {
    await running.stop();
    throw error;
  }
}

async function firstRow(running: RunningContainer): Promise<Sight<string>> {
  const ended = await Promise.race([running.exited, Promise.resolve(undefined)]);
  const { stdout, stderr } = running.output();
  if (ended !== undefined) throw new Error(`the application ended with code ${ended.code}: ${stderr.trim()}`);
  return /^\}$/m.test(stdout) ? { found: stdout } : { instead: `${stdout}${stderr}` };
}

/** What is asked for no more is kept for a week, unless somebody says that it may go. */
export async function remove(scene: Scene, application: RunningContainer, tell: Tell): Promise<void> {
  await giveUp(scene, tell);
  await deleteDeployment(scene, application, tell);
  const nothing = async (): Promise<Sight<true>> => {
    const left = await kubectl(scene, ['get', 'sinst,sbind', '-n', namespace, '-o', 'name']);
    return left === '' ? { found: true } : { instead: left.replaceAll('\n', ', ') };
  };
  await until('no instance and no binding left', nothing, scene);
  tell('the ServiceBinding and the ServiceInstance went with their last user');
}

/** Ends when the last Pod is gone. */
export async function deleteDeployment(
  scene: Scene,
  application: RunningContainer,
  tell: Tell,
): Promise<void> {
  await kubectl(scene, ['scale', `deployment/${app}`, '-n', namespace, '--replicas=0']);
  const noPods = async (): Promise<Sight<true>> => {
    const pods = await kubectl(scene, ['get', 'pods', '-n', namespace, '-o', 'name']);
    return pods === '' ? { found: true } : { instead: pods };
  };
  await until('no Pod left', noPods, scene);
  await application.stop();
  tell('scaled to zero: no Pod is left');
  tell(await kubectl(scene, ['delete', `deployment/${app}`, '-n', namespace]));
}

/** Without that the database would be kept for a week: deleting a Deployment is no word about its data. */
async function giveUp(scene: Scene, tell: Tell): Promise<void> {
  const reclaim = 'reclaim.bind.servicecatalog.k8s.io/db=delete';
  tell(`$ kubectl annotate deployment ${app} \\\n    ${reclaim}`);
  await kubectl(scene, ['annotate', `deployment/${app}`, '-n', namespace, reclaim]);
  const recorded = async (): Promise<Sight<true>> => {
    const instances = await kubectl(scene, ['get', 'sinst', '-n', namespace, '-o', 'json']);
    const isRecorded = instances.includes('"servicecatalog.k8s.io/reclaim": "delete"');
    return isRecorded ? { found: true } : { instead: 'no instance that says so' };
  };
  await until('the policy is recorded on the instance', recorded, scene);
}

export async function showNothingIsLeft(scene: Scene, tell: Tell): Promise<void> {
  const view = await sqlView(scene.broker.postgres);
  tell(describeSqlView(view));
  if (view.databases.length + view.roles.length > 0) throw new Error('the broker has kept something');
}

async function firstPod(scene: Scene): Promise<Sight<Pod>> {
  const get = ['get', 'pods', '-n', namespace, '-l', `app=${app}`, '-o', 'json'];
  const { items } = JSON.parse(await kubectl(scene, get)) as { readonly items: readonly Pod[] };
  const [pod] = items.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
  if (pod !== undefined) return { found: pod };
  const events = [
    'get',
    'events',
    '-n',
    namespace,
    '-o',
    'custom-columns=R:.reason,M:.message',
    '--no-headers',
  ];
  return { instead: `no Pod; events: ${(await kubectl(scene, events)).split('\n').slice(-3).join(' | ')}` };
}
