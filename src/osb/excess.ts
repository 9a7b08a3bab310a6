/** No server has a reason for more answers of 1xx to one request. */
const maxInterimAnswers = 16;

/** Of what is no body: heads are bounded by the parser, and what has come but was not looked at yet by the socket. */
const freeBytes = 256 * 1024;
/** The shortest chunk, of one byte, takes six on the wire. */
const maxBytesPerByte = 8;

/** A broker sends without end what no bound on bodies counts. The message follows the broker's name. */
export class ExcessError extends Error {
  readonly code = 'ANSWER_EXCESS';
}

/** Counts what one answer costs besides its body. */
export class AnswerCosts {
  #interim = 0;

  /** One more answer of 1xx. */
  interim(): ExcessError | undefined {
    this.#interim++;
    if (this.#interim <= maxInterimAnswers) return undefined;
    return new ExcessError(`it sent more than ${maxInterimAnswers} interim answers (1xx) to one request`);
  }

  /** @param bytes that came over the connection, of which `bodyBytes` are the body */
  received(bytes: number, bodyBytes: number): ExcessError | undefined {
    if (bytes <= freeBytes + maxBytesPerByte * bodyBytes) return undefined;
    return new ExcessError(`it sent ${bytes} bytes around a body of ${bodyBytes}`);
  }
}
