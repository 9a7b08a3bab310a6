import { freeFormFields } from '../api/free-form.ts';
import { group } from '../api/group.ts';
import { foldableFields, foldJson, unfoldJson } from '../base/folded-json.ts';
import { JsonText } from '../base/json-text.ts';

const key = '"managedFields":[';
const backslash = 0x5c;

/**
 * The groups of Pods and workloads, as the API server writes them at the beginning of a review. Objects of other
 * groups may have a field of that name where it means something.
 */
const builtInKind = /"kind":\{"group":"(apps|batch)?","version"/;
const ownKind = new RegExp(`"kind":\\{"group":"${group.replaceAll('.', '\\.')}","version"`);
const headLength = 200;
const largeFields = foldableFields(['managedFields', ...freeFormFields]);
/** What is left of one of our objects, and of the old one, has a few KiB. Parsed it takes ten times that, and more. */
const maxRestLength = 1024 * 1024;

/** A review of one of our own kinds that is too long to be parsed. */
export class LongReviewError extends Error {
  constructor(length: number) {
    super(
      `the request to admit it has ${length} characters without what may be long, ${maxRestLength} are allowed: ` +
        'give it fewer labels, annotations and owners',
    );
    this.name = 'LongReviewError';
  }
}

/**
 * Parses the text of a review. In a review of a Pod or workload the lists under `managedFields` come out empty: they
 * are half of what the API server sends, nobody here looks at them, and not parsing them saves a third of all work.
 * In a review of our own kinds large parameters and the like are a `JsonText`.
 * @throws SyntaxError when the text is not JSON; LongReviewError
 */
export function parseReview(text: string): unknown {
  const head = text.slice(0, headLength);
  if (ownKind.test(head)) return parseOwn(text);
  if (builtInKind.test(head)) {
    const shorter = withoutManagedFields(text);
    try {
      return JSON.parse(shorter);
    } catch {
      // The end of a list was guessed wrong, or the text is not JSON at all; the whole of it decides.
    }
  }
  return JSON.parse(text);
}

/** Nobody needs to know what is in them, only whether they are others than before. */
function parseOwn(text: string): unknown {
  const folded = foldJson(text, largeFields);
  const rest = folded?.text ?? text;
  if (rest.length > maxRestLength) throw new LongReviewError(rest.length);
  const document: unknown = JSON.parse(rest);
  if (folded !== undefined) {
    unfoldJson(document, folded, (holder, field, large) => {
      holder[field] = field === 'managedFields' ? [] : new JsonText(large);
    });
  }
  return document;
}

/**
 * Empties the lists, with `}]` taken for the end of each: the API server lets nothing but objects into them. Where that
 * stands inside a string or closes a list further inside, what remains is never JSON: in the first case a quotation
 * mark is left over, so that the names of all fields behind it stand outside of strings, in the second a bracket that
 * nothing opens.
 */
function withoutManagedFields(text: string): string {
  let result = '';
  let copiedTo = 0;
  for (let at = text.indexOf(key); at >= 0; at = text.indexOf(key, copiedTo)) {
    const start = at + key.length;
    // Behind a backslash the quotation mark belongs to a string that happens to end like our key.
    const isList = text.charCodeAt(at - 1) !== backslash && text.charCodeAt(start) === 0x7b;
    const end = isList ? text.indexOf('}]', start) : -1;
    // Without an end here there is none for those that follow, and nobody has to look for it again.
    if (isList && end < 0) break;
    result += text.slice(copiedTo, start);
    copiedTo = isList ? end + 1 : start;
  }
  return copiedTo === 0 ? text : result + text.slice(copiedTo);
}
