import { readdir, readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';

/**
 * Other projects have kinds named ServiceBinding, ServiceInstance, ServiceBroker, … too (servicebinding.io is one).
 * Where their definitions are installed as well, kubectl takes a bare `servicebindings` for whichever it likes.
 */
const root = join(import.meta.dirname, '..', '..', '..');
const places = ['README.md', 'docs', 'demo', 'deploy', 'scripts', 'src', 'webhook-config'];
const texts = /\.(md|ts|ya?ml)$/;
/** Made from the others, and large. */
const generated = /^deploy\/install\.yaml$|^src\/api\/generated\//;

const kind = /^(?:cluster)?service(?:brokers?|class(?:es)?|plans?|instances?|bindings?)(?=[./]|$)/;
const preset = /^podpresets?(?=[./]|$)/;

/** The words of a kubectl command that another group's kind could be meant by as well. */
function ambiguousWords(command: string): readonly string[] {
  const words = command.split(/\s+/).flatMap((word) => word.replace(/^['"(]+/, '').split(','));
  return words.filter((word) => {
    // What a program fills in has to be followed by the group all the same.
    if (/^\$\{[^}]*\}\w*/.test(word))
      return !/\.k8s\.io|\.\$\{group\}/.test(word) && /^\$\{[^}]*kind/i.test(word);
    if (preset.test(word)) return !/^podpresets?\.settings\.servicecatalog\.k8s\.io/.test(word);
    return kind.test(word) && !/^\w+\.servicecatalog\.k8s\.io/.test(word);
  });
}

/** Everything that a person may copy: from `kubectl` to the end of the line, of the code or of the string. */
function commandsIn(text: string): readonly string[] {
  return [...text.matchAll(/\bkubectl ((?:\$\{[^}]*\}|[^`|#\n])*)/g)].map(([, rest = '']) => rest);
}

/** The demo calls kubectl with a list of words, and prints some of them. */
function quotedWords(text: string): readonly string[] {
  return [...text.matchAll(/'([^'\n]*)'/g)].map(([, word = '']) => word).filter((word) => !/\s/.test(word));
}

async function filesBelow(place: string): Promise<readonly string[]> {
  const path = join(root, place);
  if (texts.test(place)) return [path];
  const entries = await readdir(path, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}

it.each([
  ['kubectl delete servicebindings --all', ['servicebindings']],
  ['kubectl wait --for=condition=Ready servicebinding/orders-db', ['servicebinding/orders-db']],
  ['kubectl get clusterservicebrokers.servicecatalog.k8s.io,serviceplans', ['serviceplans']],
  ['kubectl explain serviceinstances.spec', ['serviceinstances.spec']],
  ['kubectl get ${kind.toLowerCase()}es', ['${kind.toLowerCase()}es']],
  ['kubectl get podpresets', ['podpresets']],
  ['kubectl get servicebinding.servicecatalog.k8s.io/db sbind svcat service/x', []],
])('of `%s` %j is ambiguous', (text, expected) => {
  expect(commandsIn(text).flatMap(ambiguousWords)).toEqual(expected);
});

it('every command that people are told names our kinds with their group, or by a short name of ours', async () => {
  const found: string[] = [];
  let commands = 0;
  for (const file of (await Promise.all(places.map(filesBelow))).flat()) {
    const name = relative(root, file);
    if (!texts.test(name) || generated.test(name)) continue;
    const text = await readFile(file, 'utf8');
    const said = [...commandsIn(text), ...(name.startsWith('demo/') ? quotedWords(text) : [])];
    commands += said.length;
    found.push(...said.flatMap(ambiguousWords).map((word) => `${name}: ${word}`));
  }
  expect(commands).toBeGreaterThan(50);
  expect(found).toEqual([]);
});
