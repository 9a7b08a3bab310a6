/**
 * The fields of our kinds that hold any JSON: a handful of bytes as a rule, and whatever fits into an object if somebody
 * likes. Of one MiB of `{}` a program makes thirty.
 */

/** Of an instance or a binding, and of the records in its status. */
export const parametersField = 'parameters';

/** Of classes and plans. */
export const defaultParametersField = 'defaultProvisionParameters';

/** What classes and plans repeat of the broker's catalog. */
export const catalogFields = [
  'externalMetadata',
  'instanceCreateParameterSchema',
  'instanceUpdateParameterSchema',
  'serviceBindingCreateParameterSchema',
] as const;

/** Of a preset: the sources of volumes change with every release of Kubernetes. */
const volumesField = 'volumes';

export const freeFormFields: readonly string[] = [
  parametersField,
  defaultParametersField,
  ...catalogFields,
  volumesField,
];

/** Parameters as JSON: those of an object with those from Secrets, and those of a class or plan. */
export const maxParametersBytes = 128 * 1024;
