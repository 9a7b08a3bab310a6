import { printable } from '../base/printable.ts';
import type { Parameter } from '../schemas/parameter-list.ts';
import type { PlanReport, TakenParameters } from './plan-report.ts';
import { wrapped } from './terminal.ts';

const maxNameWidth = 30;
const maxShown = 60;

/** A report for people, in lines of so many characters. */
export function planText(report: PlanReport, columns: number): string {
  const { kind, name, namespace, description, free, bindable, removed, defaults } = report;
  const facts: readonly (readonly [string, string])[] = [
    ['Plan', `${report.class}/${report.plan}`],
    ['Object', `${kind} ${namespace === null ? '' : `${namespace}/`}${name}`],
    ['Description', description],
    ['Free', free ? 'yes' : 'no'],
    ['Bindable', bindable ? 'yes' : 'no'],
    ...report.namespaces.map((selector) => ['Namespaces', `those with labels "${selector}" only`] as const),
    ...limitsOf(report).map((limit) => ['At most', limit] as const),
    ...(Object.keys(defaults).length > 0 ? [['Defaults', JSON.stringify(defaults)] as const] : []),
    ...(removed ? [['Removed', 'the broker offers it no more: nothing new is made of it'] as const] : []),
  ];
  return [
    ...facts.flatMap(([label, text]) => wrapped(text, `${label}:`.padEnd(14), ' '.repeat(14), columns)),
    ...section('Parameters of a new instance', report.create, columns),
    ...section('Parameters that can be changed', report.update, columns),
    ...section('Parameters of a binding', report.bind, columns),
  ].join('\n');
}

function limitsOf({ maxPerNamespace, class: className }: PlanReport): readonly string[] {
  const { plan, class: ofClass } = maxPerNamespace;
  return [
    ...(plan === null ? [] : [`${plan} for each namespace`]),
    ...(ofClass === null ? [] : [`${ofClass} of all plans of "${className}" for each namespace`]),
  ];
}

function section(
  title: string,
  { parameters, others, note }: TakenParameters,
  columns: number,
): readonly string[] {
  const width = Math.min(Math.max(0, ...parameters.map(({ name }) => name.length)), maxNameWidth);
  const ends = [
    ...(note === null ? [] : [note]),
    ...(parameters.length === 0 && note === null ? ['none'] : []),
    ...(others || parameters.length === 0 ? [] : ['no others']),
  ];
  return [
    '',
    `${title}:`,
    ...parameters.flatMap((parameter) => parameterLines(parameter, width, columns)),
    ...ends.flatMap((end) => wrapped(`(${end})`, '  ', '  ', columns)),
  ];
}

function parameterLines(parameter: Parameter, width: number, columns: number): readonly string[] {
  const { name, type, required, values, description } = parameter;
  const facts = [
    type,
    ...(required ? ['required'] : []),
    ...('default' in parameter ? [`default ${shown(parameter.default)}`] : []),
    ...(values === undefined ? [] : [`one of ${values.map(shown).join(', ')}`]),
  ].join(', ');
  const head = `  ${printable(name).padEnd(width)}  `;
  const indent = ' '.repeat(width + 4);
  const text = description === '' ? [] : wrapped(description, indent, indent, columns);
  return [...wrapped(facts, head, indent, columns), ...text];
}

function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? '';
  return text.length > maxShown ? `${text.slice(0, maxShown)}…` : text;
}
