import { dirname, isAbsolute, join } from 'node:path';
import { isObject, type JsonObject } from '../base/json.ts';
import { CredentialsError } from './errors.ts';

/**
 * What kubectl does with kubeconfig files before anybody uses them: merge several, make their paths absolute,
 * and choose a context. Works on the parsed documents.
 */

export interface KubeconfigFile {
  readonly path: string;
  readonly document: unknown;
}

/** The parts that the chosen context leads to, in the words of the file. */
export interface ChosenContext {
  readonly name: string;
  readonly namespace: string | undefined;
  readonly cluster: JsonObject;
  readonly user: JsonObject;
}

interface Entry {
  readonly name: string;
  readonly body: JsonObject;
}

/**
 * Picks `context`, or the current context, out of the files. Where several have an entry of the same name the
 * first one counts.
 * @throws CredentialsError that names what is missing and what there is instead
 */
export function chooseContext(files: readonly KubeconfigFile[], context: string | undefined): ChosenContext {
  const paths = files.map(({ path }) => path).join(', ');
  const contexts = files.flatMap((file) => entries(file, 'contexts', 'context'));
  const current = files.map(({ document }) => text(document, 'current-context')).find(Boolean);
  const name = context ?? current;
  const offer = `there are: ${contexts.map((entry) => entry.name).join(', ') || 'none'}`;
  if (name === undefined) {
    throw new CredentialsError(`${paths}: no current context; pass --context, ${offer}`);
  }
  const chosen = contexts.find((entry) => entry.name === name)?.body;
  if (chosen === undefined) throw new CredentialsError(`${paths}: no context "${name}"; ${offer}`);

  const clusterName = text(chosen, 'cluster') ?? '';
  const cluster = find(files, 'clusters', 'cluster', clusterName);
  if (cluster === undefined || text(cluster, 'server') === undefined) {
    throw new CredentialsError(
      `${paths}: context "${name}" needs the cluster "${clusterName}", which is missing or has no server`,
    );
  }
  const userName = text(chosen, 'user') ?? '';
  const user = userName === '' ? {} : find(files, 'users', 'user', userName);
  if (user === undefined) {
    throw new CredentialsError(`${paths}: context "${name}" needs the user "${userName}", which is missing`);
  }
  return { name, namespace: text(chosen, 'namespace'), cluster, user };
}

/** A non-empty text field of a parsed document. */
export function text(document: unknown, field: string): string | undefined {
  const value = isObject(document) ? document[field] : undefined;
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function find(
  files: readonly KubeconfigFile[],
  list: string,
  field: string,
  name: string,
): JsonObject | undefined {
  for (const file of files) {
    const found = entries(file, list, field).find((entry) => entry.name === name);
    if (found !== undefined) return withAbsolutePaths(found.body, dirname(file.path));
  }
  return undefined;
}

function entries({ document }: KubeconfigFile, list: string, field: string): readonly Entry[] {
  const items = isObject(document) ? document[list] : undefined;
  if (!Array.isArray(items)) return [];
  return items.flatMap((item: unknown) => {
    const name = text(item, 'name');
    const body = isObject(item) ? item[field] : undefined;
    return name === undefined ? [] : [{ name, body: isObject(body) ? body : {} }];
  });
}

const pathFields = ['certificate-authority', 'client-certificate', 'client-key', 'tokenFile'];

/** Paths in a kubeconfig are relative to the file; so is a plugin's command when it contains a slash. */
function withAbsolutePaths(body: JsonObject, directory: string): JsonObject {
  const absolute = (path: string): string => (isAbsolute(path) ? path : join(directory, path));
  const result: Record<string, unknown> = { ...body };
  for (const field of pathFields) {
    const path = text(body, field);
    if (path !== undefined) result[field] = absolute(path);
  }
  const command = text(body['exec'], 'command');
  if (command?.includes('/') && isObject(body['exec'])) {
    result['exec'] = { ...body['exec'], command: absolute(command) };
  }
  return result;
}
