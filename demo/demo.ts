/**
 * `npm run demo`: a Deployment with one annotation becomes a process that logs in to a database which did not
 * exist a minute before. Everything is real: the control plane, the broker, PostgreSQL and the product.
 * With --keep it stays up, to be looked at with kubectl.
 */
import { dirname } from 'node:path';
import { parseArgs } from 'node:util';
import { aborted } from '../src/base/abort.ts';
import { errorMessage } from '../src/base/logger.ts';
import { startControlPlane } from '../test/cluster/control-plane.ts';
import { BinderyProcess } from './bindery-process.ts';
import { startPostgresBroker } from './postgres-broker/server.ts';
import { kubectl, type Scene } from './scene.ts';
import { edit, mistype, redeploy } from './keeping.ts';
import {
  deploy,
  registerBroker,
  remove,
  showNothingIsLeft,
  startApplication,
  waitForCredentials,
  waitForPod,
} from './steps.ts';
import { Story } from './story.ts';

const flags = readFlags();
const story = new Story();
const stop = new AbortController();
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(name, () => stop.abort(new Error(name)));
}

/** Ends the program where nothing is to be shown. */
function readFlags(): { readonly keep: boolean } {
  const usage = 'npm run demo [-- --keep]    --keep: it stays up until Ctrl-C, to be looked at with kubectl';
  try {
    const options = {
      keep: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    } as const;
    const { values } = parseArgs({ options });
    if (!values.help) return values;
    console.log(usage);
    process.exit(0);
  } catch (error: unknown) {
    console.error(`${errorMessage(error)}\n${usage}`);
    process.exit(2);
  }
}

try {
  await demo(stop.signal);
  if (!flags.keep) story.line(`demo: ok in ${story.seconds} s`);
} catch (error: unknown) {
  const { aborted: wasStopped, reason } = stop.signal;
  const [why] = errorMessage(wasStopped ? reason : error).split('\n', 1);
  story.line(`demo: ${wasStopped ? 'ended' : 'failed'} after ${story.seconds} s: ${why}`);
  process.exitCode = wasStopped ? 130 : 1;
}

async function demo(signal: AbortSignal): Promise<void> {
  await using cleanUp = new AsyncDisposableStack();
  const plane = await story.step('start a Kubernetes control plane', async (tell) => {
    const started = await startControlPlane({ signal, log: (line) => story.line(line) });
    cleanUp.defer(async () => started.stop());
    tell(`kube-apiserver ${started.server}`);
    return started;
  });
  const bindery = await story.step('start Bindery: bindery run --install', async (tell) => {
    const started = await BinderyProcess.start({ kubeconfig: plane.kubeconfig, signal });
    cleanUp.defer(async () => started.stop());
    tell('installed its kinds, roles and webhooks');
    return started;
  });
  const broker = await story.step('start PostgreSQL and an Open Service Broker for it', async (tell) => {
    const started = await startPostgresBroker(signal);
    cleanUp.defer(async () => started.stop());
    tell(`broker     ${started.url}\nPostgreSQL ${started.postgres.host}:${started.postgres.port}`);
    return started;
  });
  const scene: Scene = { plane, broker, bindery, signal };
  try {
    await tellTheRest(scene, cleanUp);
  } catch (error: unknown) {
    if (!signal.aborted) await showWhatToLookAt(scene);
    throw error;
  }
}

async function tellTheRest(scene: Scene, cleanUp: AsyncDisposableStack): Promise<void> {
  await story.step('register the broker', async (tell) => registerBroker(scene, tell));
  await story.step('deploy an application with one annotation', async (tell) => deploy(scene, tell));
  const pod = await story.step('the Pod, and what was injected into it', async (tell) =>
    waitForPod(scene, tell),
  );
  await story.step('the database and the login that it asked for', async (tell) =>
    waitForCredentials(scene, tell),
  );
  const application = await story.step('run the container: it logs in, writes and reads', async (tell) =>
    startApplication(scene, pod, tell),
  );
  cleanUp.defer(async () => application.stop());
  if (flags.keep) return keep(scene);
  await story.step('edit it: another plan is the same database', async (tell) => edit(scene, tell));
  await story.step('a typo is refused, and nothing happens', async (tell) => mistype(scene, tell));
  const again = await story.step(
    'delete the Deployment and deploy it again: the row is there',
    async (tell) => redeploy(scene, application, tell),
  );
  cleanUp.defer(async () => again.stop());
  await story.step('say that it may go, and delete the Deployment', async (tell) =>
    remove(scene, again, tell),
  );
  await story.step('what is left in PostgreSQL', async (tell) => showNothingIsLeft(scene, tell));
}

/** Holds everything up until Ctrl-C, which here is not a failure. */
async function keep({ plane, bindery, signal }: Scene): Promise<void> {
  story.line(
    [
      '',
      `demo: ok in ${story.seconds} s. Everything stays up until Ctrl-C. In another terminal:`,
      '',
      `  export KUBECONFIG=${plane.kubeconfig}`,
      `  export PATH=${dirname(plane.files.kubectl)}:$PATH`,
      '',
      '  kubectl get csbroker,csclass,csplan',
      '  kubectl get svcat -n demo                              # the instance and the binding',
      '  kubectl get pods -n demo -o yaml                       # what was injected',
      '  kubectl get secrets -n demo                            # the credentials',
      '  kubectl explain sinst.spec',
      `  curl "${bindery.adminUrl}/readyz?verbose"       # Bindery itself; also /livez, /metrics`,
      `  less ${bindery.logPath}`,
      '',
    ].join('\n'),
  );
  await aborted(signal);
}

/** After a failure: what the cluster says about it, and Bindery's last words. */
async function showWhatToLookAt(scene: Scene): Promise<void> {
  const queries = [
    ['get', 'csbroker,sinst,sbind,deployments,pods', '-A', '-o', 'wide'],
    ['get', 'events', '-A', '--sort-by=.lastTimestamp'],
  ];
  for (const query of queries) {
    const text = await kubectl(scene, query).catch(errorMessage);
    story.line(`\n$ kubectl ${query.join(' ')}\n${text.split('\n').slice(-15).join('\n')}`);
  }
  const log = await scene.bindery.logTail(15);
  story.line(`\nThe last log lines of bindery run:\n${log.join('\n')}\n`);
}
