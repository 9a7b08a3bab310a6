/**
 * Writes src/api/generated/*.ts from the schemas in deploy/crds/*.yaml, the source of truth for the API, and
 * deploy/install.yaml from deploy/kustomize/base, webhook-config/*.yaml from their templates and the table of scope, and
 * deploy/gitops/argocd/argocd-cm.yaml and deploy/monitoring/prometheus-rule.yaml from what is beside them, and the templates of
 * the Helm chart from deploy/kustomize/base.
 *
 *   node scripts/generate.ts           write the files
 *   node scripts/generate.ts --check   say which files differ, exit 1 if any does
 *
 * A schema with a title becomes an interface of that name. Titles that several kinds use go to shared-types.ts and must
 * have the same fields everywhere.
 */
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { load } from 'js-yaml';
import { compile } from 'json-schema-to-typescript';
import { argocdConfig } from './argocd-config.ts';
import { helmTemplates, presentTemplates } from './helm-chart.ts';
import { installManifest } from './install-manifest.ts';
import { prometheusRule } from './prometheus-rule.ts';
import { webhookConfig } from './webhook-config.ts';

/** The part of a structural schema that decides about types. */
interface Schema {
  readonly title?: string;
  readonly description?: string;
  readonly type?: string;
  readonly enum?: readonly string[];
  readonly nullable?: boolean;
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: Schema;
  readonly items?: Schema;
  readonly 'x-kubernetes-preserve-unknown-fields'?: boolean;
  readonly 'x-kubernetes-int-or-string'?: boolean;
}

interface ResourceDefinition {
  readonly spec: {
    readonly names: { readonly kind: string };
    readonly versions: readonly { readonly schema: { readonly openAPIV3Schema: Schema } }[];
  };
}

/** One interface to write. `uses` are the titles its fields refer to. */
interface TypeDefinition {
  readonly title: string;
  readonly kinds: readonly string[];
  readonly schema: Schema;
  readonly uses: readonly string[];
}

const root = join(import.meta.dirname, '..');
const sourceDirectory = join(root, 'deploy/crds');
const targetDirectory = join(root, 'src/api/generated');
const helmDirectory = join(root, 'deploy/helm/bindery/templates/generated');
const webhookDirectory = join(root, 'webhook-config');
/** Single files that are made of others. */
const made: readonly { readonly file: string; readonly of: string; readonly text: () => Promise<string> }[] =
  [
    {
      file: 'deploy/install.yaml',
      of: 'deploy/kustomize/base',
      text: () => installManifest(join(root, 'deploy/kustomize/base')),
    },
    {
      file: 'deploy/gitops/argocd/argocd-cm.yaml',
      of: 'health.lua',
      text: () => argocdConfig(join(root, 'deploy/gitops/argocd')),
    },
    {
      file: 'deploy/monitoring/prometheus-rule.yaml',
      of: 'rules.yaml',
      text: () => prometheusRule(join(root, 'deploy/monitoring')),
    },
  ];
const banner = '// Generated from deploy/crds by `npm run generate`. Do not edit.';
const metadataType = 'ObjectMeta';

await main(process.argv.includes('--check'));

async function main(checkOnly: boolean): Promise<void> {
  const wanted = await renderFiles(await readDefinitions());
  await mkdir(targetDirectory, { recursive: true });
  const present = await readdir(targetDirectory);
  const webhooks = await webhookConfig(webhookDirectory);
  if (checkOnly) return reportDrift(wanted, present, webhooks);
  for (const [name, text] of webhooks) await writeFile(join(webhookDirectory, name), text);
  for (const { file, text } of made) await writeFile(join(root, file), await text());
  await writeHelmTemplates();
  for (const [name, text] of wanted) await writeFile(join(targetDirectory, name), text);
  for (const name of present) if (!wanted.has(name)) await rm(join(targetDirectory, name));
}

async function reportDrift(
  wanted: ReadonlyMap<string, string>,
  present: readonly string[],
  webhooks: ReadonlyMap<string, string>,
): Promise<void> {
  const differing: string[] = [];
  for (const name of [...new Set([...wanted.keys(), ...present])].sort()) {
    const text = present.includes(name) ? await readFile(join(targetDirectory, name), 'utf8') : undefined;
    if (text !== wanted.get(name)) differing.push(name);
  }
  const messages = differing.map((name) => `src/api/generated/${name} does not match deploy/crds`);
  for (const [name, text] of webhooks) {
    if ((await textOf(join(webhookDirectory, name))) === text) continue;
    messages.unshift(`webhook-config/${name} does not match its template and src/model/scope.ts`);
  }
  for (const { file, of, text } of made) {
    const wantedText = await text().catch(() => undefined);
    if ((await textOf(join(root, file))) !== wantedText) messages.unshift(`${file} does not match ${of}`);
  }
  messages.unshift(...(await helmDrift()));
  if (messages.length === 0) return;
  for (const message of messages) console.error(message);
  console.error('Run: npm run generate');
  process.exitCode = 1;
}

async function writeHelmTemplates(): Promise<void> {
  const wanted = await helmTemplates(join(root, 'deploy/kustomize/base'));
  for (const [name, text] of wanted) await writeFile(join(helmDirectory, name), text);
  for (const name of (await presentTemplates(helmDirectory)).keys()) {
    if (!wanted.has(name)) await rm(join(helmDirectory, name));
  }
}

async function helmDrift(): Promise<readonly string[]> {
  const [wanted, present] = [
    await helmTemplates(join(root, 'deploy/kustomize/base')),
    await presentTemplates(helmDirectory),
  ];
  const names = [...new Set([...wanted.keys(), ...present.keys()])].sort();
  return names
    .filter((name) => wanted.get(name) !== present.get(name))
    .map((name) => `deploy/helm/bindery/templates/generated/${name} does not match deploy/kustomize/base`);
}

async function textOf(file: string): Promise<string> {
  return readFile(file, 'utf8').catch(() => '');
}

async function readDefinitions(): Promise<readonly ResourceDefinition[]> {
  const names = (await readdir(sourceDirectory)).filter((name) => name.endsWith('.yaml')).sort();
  return Promise.all(
    names.map(
      async (name) => load(await readFile(join(sourceDirectory, name), 'utf8')) as ResourceDefinition,
    ),
  );
}

async function renderFiles(definitions: readonly ResourceDefinition[]): Promise<ReadonlyMap<string, string>> {
  const types = collectTypes(definitions);
  const isCommon = (title: string): boolean => (types.get(title)?.kinds.length ?? 0) > 1;
  const files = new Map<string, string>();
  const common = [...types.values()].filter((type) => isCommon(type.title));
  files.set('shared-types.ts', await renderFile(common, () => false));
  for (const definition of definitions) {
    const { kind } = definition.spec.names;
    const own = [...types.values()].filter((type) => type.kinds.includes(kind) && !isCommon(type.title));
    files.set(`${kebabCase(kind)}.ts`, await renderFile(own, isCommon));
  }
  return files;
}

function collectTypes(definitions: readonly ResourceDefinition[]): ReadonlyMap<string, TypeDefinition> {
  const types = new Map<string, TypeDefinition>();
  for (const definition of definitions) {
    const { kind } = definition.spec.names;
    for (const version of definition.spec.versions) {
      for (const schema of titledSchemas(version.schema.openAPIV3Schema)) {
        addType(types, kind, schema);
      }
    }
  }
  return types;
}

function addType(types: Map<string, TypeDefinition>, kind: string, schema: Schema): void {
  const title = schema.title ?? '';
  const previous = types.get(title);
  if (previous === undefined) {
    types.set(title, { title, kinds: [kind], schema, uses: usedTitles(schema) });
    return;
  }
  if (fieldsOf(previous.schema) !== fieldsOf(schema)) {
    throw new Error(`${kind}: the fields of ${title} differ from those in ${previous.kinds.join(', ')}`);
  }
  const kinds = previous.kinds.includes(kind) ? previous.kinds : [...previous.kinds, kind];
  types.set(title, { ...previous, kinds, schema: withSharedDescriptions(previous.schema, schema) });
}

/** A description that fits one place only is not the description of the type. */
function withSharedDescriptions(left: Schema, right: Schema): Schema {
  const keep = (one: Schema, other?: Schema): Schema =>
    one.description === other?.description ? one : withoutDescription(one);
  const properties = Object.entries(left.properties ?? {}).map(([name, property]) => [
    name,
    keep(property, right.properties?.[name]),
  ]);
  return { ...keep(left, right), properties: Object.fromEntries(properties) as Record<string, Schema> };
}

function withoutDescription({ description: _, ...rest }: Schema): Schema {
  return rest;
}

/** The schema and everything below it that has a title, outermost first. */
function titledSchemas(schema: Schema): readonly Schema[] {
  return [...(schema.title === undefined ? [] : [schema]), ...childrenOf(schema).flatMap(titledSchemas)];
}

function childrenOf(schema: Schema): readonly Schema[] {
  return [
    ...Object.values(schema.properties ?? {}),
    ...(schema.items === undefined ? [] : [schema.items]),
    ...(schema.additionalProperties === undefined ? [] : [schema.additionalProperties]),
  ];
}

function usedTitles(schema: Schema): readonly string[] {
  return childrenOf(schema).flatMap((child) =>
    child.title === undefined ? usedTitles(child) : [child.title],
  );
}

/** What two schemas of one title must have in common: names, types and presence of their fields. */
function fieldsOf(schema: Schema): string {
  return JSON.stringify(toJsonSchema(schema), (key, value: unknown) =>
    key === 'description' ? undefined : value,
  );
}

async function renderFile(
  types: readonly TypeDefinition[],
  isImported: (title: string) => boolean,
): Promise<string> {
  const imported = [...new Set(types.flatMap((type) => type.uses).filter(isImported))].sort();
  const lines = [banner];
  if (types.some((type) => type.schema.properties?.['metadata'] !== undefined)) {
    lines.push(`import type { ${metadataType} } from '../../base/object-meta.ts';`);
  }
  if (imported.length > 0) {
    const names = imported.map((name) => `  ${name},\n`).join('');
    // Exported as well, so that one import has everything of a kind.
    lines.push(`import type {\n${names}} from './shared-types.ts';\n\nexport type {\n${names}};`);
  }
  const interfaces = await Promise.all(types.map(renderInterface));
  return `${lines.join('\n')}\n\n${interfaces.join('\n')}`;
}

async function renderInterface({ title, schema }: TypeDefinition): Promise<string> {
  const text = await compile(toJsonSchema(schema), title, {
    bannerComment: '',
    format: true,
    style: { printWidth: 110, singleQuote: true, trailingComma: 'all' },
  });
  return withShortComments(asReadonly(text));
}

/** The compiler has no option for readonly; its output has one property per line. */
function asReadonly(text: string): string {
  return text
    .replaceAll(/^( +)((?:'[^']+'|\w+)\??|\[k: string\]):/gm, '$1readonly $2:')
    .replaceAll(/^( +readonly [^:]+(?:: string\])?: )([^\n]+\[\](?: \| null)?;)$/gm, '$1readonly $2');
}

function withShortComments(text: string): string {
  return text.replaceAll(/\/\*\*\n *\* ([^\n]+)\n *\*\//g, '/** $1 */');
}

function toJsonSchema(schema: Schema): Record<string, unknown> {
  const properties = Object.entries(schema.properties ?? {}).map(([name, property]) => [
    name,
    name === 'metadata' ? { tsType: metadataType } : toProperty(property),
  ]);
  return {
    type: 'object',
    description: schema.description,
    properties: Object.fromEntries(properties) as unknown,
    required: [...(schema.required ?? []), ...('metadata' in (schema.properties ?? {}) ? ['metadata'] : [])],
    additionalProperties: schema['x-kubernetes-preserve-unknown-fields'] === true,
  };
}

function toProperty(schema: Schema): Record<string, unknown> {
  const { description } = schema;
  const nullable = (type: string): string => (schema.nullable === true ? `${type} | null` : type);
  if (schema.enum !== undefined) return { description, enum: schema.enum };
  if (schema.type === 'array' && schema.items !== undefined) {
    return { description, type: 'array', items: toProperty({ ...schema.items, description: '' }) };
  }
  const named = namedType(schema);
  if (named !== undefined) return { description, tsType: nullable(named) };
  return { description, type: schema.nullable === true ? [schema.type, 'null'] : schema.type };
}

function namedType(schema: Schema): string | undefined {
  if (schema.title !== undefined) return schema.title;
  if (schema['x-kubernetes-int-or-string'] === true) return 'number | string';
  if (schema.additionalProperties !== undefined) {
    const isList = schema.additionalProperties.type === 'array';
    return `Readonly<Record<string, ${isList ? 'readonly string[]' : 'string'}>>`;
  }
  return schema.type === 'object' ? 'Readonly<Record<string, unknown>>' : undefined;
}

function kebabCase(kind: string): string {
  return basename(kind)
    .replaceAll(/\B[A-Z]/g, (letter) => `-${letter}`)
    .toLowerCase();
}
