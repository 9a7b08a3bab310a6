import { createSocket, type Socket } from 'node:dgram';

export type Answer = readonly string[] | 'silence' | 'not there';

const typeOfA = 1;
const notThere = 3;

/** A DNS server over UDP for tests: addresses, NXDOMAIN, or no answer at all. */
export class NameServer {
  /** Questions, as "A broker.test". */
  readonly questions: string[] = [];
  readonly #socket: Socket;

  private constructor(answer: (name: string) => Answer) {
    this.#socket = createSocket('udp4', (message, from) => {
      const { name, type, end } = question(message);
      this.questions.push(`${type === typeOfA ? 'A' : 'AAAA'} ${name}`);
      const found = answer(name);
      if (found === 'silence') return;
      const addresses = found === 'not there' || type !== typeOfA ? [] : found;
      this.#socket.send(reply(message.subarray(0, end), found === 'not there', addresses), from.port);
    });
  }

  /** @param answer by full name, in lower case. Questions for IPv6 are answered with no address */
  static async start(answer: (name: string) => Answer): Promise<NameServer> {
    const server = new NameServer(answer);
    await new Promise<void>((resolve) => server.#socket.bind(0, '127.0.0.1', resolve));
    return server;
  }

  /** `address:port` */
  get address(): string {
    return `127.0.0.1:${this.#socket.address().port}`;
  }

  /** Questions for IPv4 addresses. */
  get asked(): readonly string[] {
    return this.questions.filter((text) => text.startsWith('A ')).map((text) => text.slice(2));
  }

  stop(): void {
    this.#socket.close();
  }
}

/** RFC 1035, 4.1: of a message with one question. */
function question(message: Buffer): { readonly name: string; readonly type: number; readonly end: number } {
  const labels: string[] = [];
  let position = 12;
  for (let length = message[position] ?? 0; length > 0; length = message[position] ?? 0) {
    labels.push(message.toString('latin1', position + 1, position + 1 + length));
    position += 1 + length;
  }
  const name = labels.join('.').toLowerCase();
  return { name, type: message.readUInt16BE(position + 1), end: position + 5 };
}

function reply(asked: Buffer, isNotThere: boolean, addresses: readonly string[]): Buffer {
  const head = Buffer.from(asked);
  head.writeUInt16BE(0x8180 | (isNotThere ? notThere : 0), 2);
  head.writeUInt16BE(addresses.length, 6);
  head.writeUInt32BE(0, 8);
  const records = addresses.map((address) =>
    // The name of the question, type A, class IN, no time to live, four bytes.
    Buffer.from([0xc0, 12, 0, typeOfA, 0, 1, 0, 0, 0, 0, 0, 4, ...address.split('.').map(Number)]),
  );
  return Buffer.concat([head, ...records]);
}
