/**
 * The fields of our kinds that hold any JSON: a handful of bytes as a rule, and whatever fits into an object if somebody
 * likes. Of one MiB of `{}` a program makes thirty.
 */

/** Of an instance or a binding, and of the records in its status. */
export const parametersField = 'parameters';

/** Of classes and plans. */
export const defaultParametersField = 'defaultProvisionParameters';

/** What classes and plans repeat of the broker's catalog, whatever it is. */
export const catalogFields = [
  'externalMetadata',
  'instanceCreateParameterSchema',
  'instanceUpdateParameterSchema',
  'serviceBindingCreateParameterSchema',
] as const;

/** Lists of words: a broker may give a hundred thousand of them, and so may whoever writes a class by hand. */
export const wordFields = ['tags', 'requires'] as const;

/** Of a preset: the sources of volumes change with every release of Kubernetes. */
const volumesField = 'volumes';

export const freeFormFields: readonly string[] = [
  parametersField,
  defaultParametersField,
  ...catalogFields,
  ...wordFields,
  volumesField,
];

/** Parameters of an object as JSON, with those from Secrets. */
export const maxParametersBytes = 128 * 1024;

/** Default parameters of a class, or of a plan, as JSON: they are kept with it, and with each instance that is made with them. */
export const maxDefaultParametersBytes = 16 * 1024;
