/**
 * A child process: the least that a webhook can do in Node. It reads and parses the AdmissionReview and answers
 * the same patch each time. What Bindery's server does more than this is what its figures show.
 */
import { createServer } from 'node:https';
import { listenOnLoopback } from '../../../demo/listen-on-loopback.ts';
import { answerUsage, startMessage } from './server-child.ts';

const patch = Buffer.from(
  JSON.stringify([
    { op: 'add', path: '/spec/volumes/-', value: { name: 'binding', secret: { secretName: 'orders-db' } } },
    {
      op: 'add',
      path: '/spec/containers/0/volumeMounts/-',
      value: { name: 'binding', readOnly: true, mountPath: '/bindings/db' },
    },
    { op: 'add', path: '/metadata/annotations/example.com~1status', value: 'injected' },
  ]),
).toString('base64');

const { key, cert } = await startMessage();
const server = createServer({ key, cert, keepAliveTimeout: 120_000 }, (request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    const review = JSON.parse(Buffer.concat(chunks).toString('utf8')) as { request: { uid: string } };
    const body = JSON.stringify({
      apiVersion: 'admission.k8s.io/v1',
      kind: 'AdmissionReview',
      response: { uid: review.request.uid, allowed: true, patchType: 'JSONPatch', patch },
    });
    response
      .writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) })
      .end(body);
  });
});

answerUsage(await listenOnLoopback(server));
