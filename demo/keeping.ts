/** What people do to a Deployment every day, and what becomes of its data: nothing. */
import type { RunningContainer } from '../test/support/kubelet-lite/run-container.ts';
import { kubectl, type Scene } from './scene.ts';
import { describeSqlView, sqlView } from './sql-view.ts';
import { app, deleteDeployment, deploy, namespace, startApplication, waitForPod } from './steps.ts';
import type { Tell } from './story.ts';
import { until, type Sight } from './until.ts';

const key = 'bind.servicecatalog.k8s.io/db';
const silently: Tell = () => undefined;

export async function edit(scene: Scene, tell: Tell): Promise<void> {
  const before = await sqlView(scene.broker.postgres);
  await kubectl(scene, annotating('request/postgresql/large', tell));
  await until('an instance of the plan large', async () => planInUse(scene, 'large'), scene);
  tell(await kubectl(scene, ['get', 'sinst', '-n', namespace]));
  const after = await sqlView(scene.broker.postgres);
  tell(describeSqlView(after));
  if (after.databases.join() !== before.databases.join()) throw new Error('the edit made another database');
}

async function planInUse(scene: Scene, plan: string): Promise<Sight<true>> {
  const path = '{.items[*].status.externalProperties.clusterServicePlanExternalName}';
  const seen = await kubectl(scene, ['get', 'sinst', '-n', namespace, '-o', `jsonpath=${path}`]);
  return seen === plan ? { found: true } : { instead: `plan ${seen}` };
}

export async function mistype(scene: Scene, tell: Tell): Promise<void> {
  const { code, stderr } = await scene.plane.kubectl(annotating('requst/postgresql/large', tell));
  if (code === 0) throw new Error('the typo was accepted');
  tell(stderr.trim().replaceAll(/: (binding|admission)/g, ':\n    $1'));
}

/** The arguments of kubectl, which are told as well. */
function annotating(source: string, tell: Tell): readonly string[] {
  tell(`$ kubectl annotate deployment ${app} --overwrite \\\n    ${key}=${source}`);
  return ['annotate', `deployment/${app}`, '-n', namespace, '--overwrite', `${key}=${source}`];
}

/** Ends with the application of the new Pod, which sees what the one before has written. */
export async function redeploy(
  scene: Scene,
  application: RunningContainer,
  tell: Tell,
): Promise<RunningContainer> {
  const [, first] = /entry: '([^']+)'/.exec(application.output().stdout) ?? [];
  await deleteDeployment(scene, application, tell);
  const columns =
    'custom-columns=NAME:.metadata.name,KEPT UNTIL:.metadata.annotations.servicecatalog\\.k8s\\.io/reclaim-at';
  await until('an instance that is kept', async () => kept(scene), scene);
  tell(await kubectl(scene, ['get', 'sinst', '-n', namespace, '-o', columns]));
  await deploy(scene, tell, 'large');
  const pod = await waitForPod(scene, silently);
  const running = await startApplication(scene, pod, tell);
  const seesFirst = async (): Promise<Sight<true>> => {
    const { stdout } = running.output();
    return first !== undefined && stdout.includes(first) ? { found: true } : { instead: stdout };
  };
  await until('the row that was written before', seesFirst, scene);
  return running;
}

async function kept(scene: Scene): Promise<Sight<true>> {
  const path = '{.items[*].metadata.annotations.servicecatalog\\.k8s\\.io/reclaim-at}';
  const seen = await kubectl(scene, ['get', 'sinst', '-n', namespace, '-o', `jsonpath=${path}`]);
  return seen === '' ? { instead: 'no reclaim-at' } : { found: true };
}
