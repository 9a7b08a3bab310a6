import { isInteger, type Requirement } from './selector.ts';

export type SelectorResult =
  | { readonly kind: 'selector'; readonly requirements: readonly Requirement[] }
  | { readonly kind: 'invalid'; readonly message: string };

/** Thrown inside this file only, to leave the recursive descent with a message. */
class SelectorSyntaxError extends Error {}

/**
 * Parses a label selector with all operators of Kubernetes: `a`, `!a`, `a=b`, `a==b`, `a!=b`, `a in (b,c)`,
 * `a notin (b,c)`, `a>1`, `a<1`, any number of them separated by commas. The empty text requires nothing.
 * @param properties the names that may stand on the left; undefined when any may, as of labels
 */
export function parseSelector(text: string, properties?: readonly string[]): SelectorResult {
  try {
    return { kind: 'selector', requirements: new Parser(tokenize(text), properties).selector() };
  } catch (error) {
    if (error instanceof SelectorSyntaxError)
      return { kind: 'invalid', message: `"${text}": ${error.message}` };
    throw error;
  }
}

function tokenize(text: string): readonly string[] {
  const token = /\s*(==|!=|[=!(),<>]|[^\s=!(),<>]+)/y;
  const tokens: string[] = [];
  const end = text.trimEnd().length;
  while (token.lastIndex < end) tokens.push(token.exec(text)?.[1] ?? '');
  return tokens;
}

class Parser {
  readonly #tokens: readonly string[];
  readonly #properties: readonly string[] | undefined;
  #position = 0;

  constructor(tokens: readonly string[], properties: readonly string[] | undefined) {
    this.#tokens = tokens;
    this.#properties = properties;
  }

  selector(): readonly Requirement[] {
    const requirements: Requirement[] = [];
    while (this.#position < this.#tokens.length) {
      if (requirements.length > 0) this.#expect(',');
      requirements.push(this.#requirement());
    }
    return requirements;
  }

  #requirement(): Requirement {
    if (this.#accept('!')) return { property: this.#property(), operator: 'absent', values: [] };
    const property = this.#property();
    const operator = this.#tokens[this.#position];
    if (operator === undefined || operator === ',') return { property, operator: 'exists', values: [] };
    this.#position++;
    switch (operator) {
      case '=':
      case '==':
        return { property, operator: 'in', values: [this.#value()] };
      case '!=':
        return { property, operator: 'notin', values: [this.#value()] };
      case 'in':
      case 'notin':
        return { property, operator, values: this.#values() };
      case '>':
        return { property, operator: 'above', values: [this.#integer()] };
      case '<':
        return { property, operator: 'below', values: [this.#integer()] };
      default:
        throw new SelectorSyntaxError(`"${operator}" is not an operator`);
    }
  }

  #property(): string {
    const property = this.#tokens[this.#position++];
    const known = this.#properties;
    if (property !== undefined && (known?.includes(property) ?? !/^[=!(),<>]/.test(property)))
      return property;
    const found = property === undefined ? 'the end' : `"${property}"`;
    throw new SelectorSyntaxError(
      `${found} is ${known ? `not one of ${known.join(', ')}` : 'no key of a label'}`,
    );
  }

  /** An absent value is the empty one, as in `a=` and `a in (b,)`. */
  #value(): string {
    const next = this.#tokens[this.#position];
    if (next === undefined || /^[=!(),<>]/.test(next)) return '';
    this.#position++;
    return next;
  }

  #values(): readonly string[] {
    this.#expect('(');
    const values = [this.#value()];
    while (this.#accept(',')) values.push(this.#value());
    this.#expect(')');
    return values;
  }

  #integer(): string {
    const value = this.#value();
    if (isInteger(value)) return value;
    throw new SelectorSyntaxError(`"${value}" is not an integer`);
  }

  #accept(token: string): boolean {
    if (this.#tokens[this.#position] !== token) return false;
    this.#position++;
    return true;
  }

  #expect(token: string): void {
    const found = this.#tokens[this.#position];
    if (this.#accept(token)) return;
    throw new SelectorSyntaxError(
      `"${token}" is expected before ${found === undefined ? 'the end' : `"${found}"`}`,
    );
  }
}
