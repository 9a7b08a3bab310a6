import { promises as dns, type LookupAddress } from 'node:dns';
import { setTimeout as delay } from 'node:timers/promises';
import { systemStopwatch, type Stopwatch } from '../base/stopwatch.ts';
import { fullNames, readResolverFiles } from './resolver-files.ts';

export interface NameLookupDeps {
  /** Where `resolv.conf` and `hosts` are. @default `/etc` */
  readonly directory?: string | undefined;
  /** Name servers, as `address:port`. @default those of resolv.conf */
  readonly servers?: readonly string[] | undefined;
  /** What the operating system knows of a name (`getaddrinfo`). */
  readonly askSystem?: ((name: string) => Promise<readonly LookupAddress[]>) | undefined;
  readonly stopwatch?: Stopwatch | undefined;
  /** Of one name with everything that is tried for it, milliseconds. @default 5_000 */
  readonly deadlineMs?: number | undefined;
}

interface Found {
  readonly addresses: readonly LookupAddress[];
  /** Nobody has said that there is none. */
  readonly isSilent: boolean;
}

const defaultDeadlineMs = 5_000;
/** A question is sent twice, the second time with twice the patience. */
const questions = { timeout: 1_500, tries: 2 };
/** There are name servers that do not answer questions for IPv6. */
const ipv6PatienceMs = 250;
/** A name that could not be resolved is not looked up again for so long. */
const failureMs = 10_000;
const maxFailures = 1_000;

/**
 * Addresses of names that tenants choose, some of them so that they never resolve. Node asks the operating system, which
 * blocks one of the few threads of the process for as long as it likes, for everybody. Here the question goes to the
 * name servers directly, over one socket, after /etc/hosts and by the search list, as the operating system would. Only what
 * they say is not there is asked of the operating system as well, which may know it from elsewhere (mDNS, a directory): of
 * these, one at a time.
 */
export class NameLookup {
  readonly #deps: NameLookupDeps;
  readonly #stopwatch: Stopwatch;
  readonly #underWay = new Map<string, Promise<readonly LookupAddress[]>>();
  readonly #failures = new Map<string, { readonly error: unknown; readonly untilMs: number }>();
  #resolver: { readonly resolvConf: string; readonly dns: dns.Resolver } | undefined;
  /** Ends when the operating system has answered all that it was asked so far. */
  #systemAnswered: Promise<unknown> = Promise.resolve();

  constructor(deps: NameLookupDeps = {}) {
    this.#deps = deps;
    this.#stopwatch = deps.stopwatch ?? systemStopwatch;
  }

  /**
   * At least one address; IPv4 first. However many ask for a name, it is looked up once.
   * @throws Error with the code ENOTFOUND, or EAI_AGAIN when nobody answered in time
   */
  async find(hostname: string): Promise<readonly LookupAddress[]> {
    const name = hostname.toLowerCase();
    const failure = this.#failures.get(name);
    if (failure !== undefined && failure.untilMs > this.#stopwatch.elapsedMs()) throw failure.error;
    const known = this.#underWay.get(name);
    if (known !== undefined) return known;
    const search = this.#findInTime(name).finally(() => this.#underWay.delete(name));
    this.#underWay.set(name, search);
    return search;
  }

  async #findInTime(name: string): Promise<readonly LookupAddress[]> {
    const { promise: isLate, reject } = Promise.withResolvers<never>();
    const late = new AbortController();
    const timer = setTimeout(() => {
      late.abort();
      reject(unanswered(name));
    }, this.#deps.deadlineMs ?? defaultDeadlineMs);
    try {
      return await Promise.race([this.#search(name, late.signal), isLate]);
    } catch (error) {
      this.#remember(name, error);
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  async #search(name: string, late: AbortSignal): Promise<readonly LookupAddress[]> {
    const { hosts, resolvConf } = await readResolverFiles(this.#deps.directory ?? '/etc');
    const listed = hosts.get(name.replace(/\.$/, ''));
    if (listed !== undefined) return listed;
    for (const fullName of fullNames(name, resolvConf)) {
      if (late.aborted) break;
      const { addresses, isSilent } = await this.#query(fullName, resolvConf);
      if (addresses.length > 0) return addresses;
      if (isSilent) throw unanswered(name);
    }
    return this.#queueForSystem(name, late);
  }

  async #query(name: string, resolvConf: string): Promise<Found> {
    const resolver = this.#resolverFor(resolvConf);
    const ipv6 = answerOf(resolver.resolve6(name), 6);
    const ipv4 = await answerOf(resolver.resolve4(name), 4);
    if (ipv4.addresses.length === 0) {
      const { addresses, isSilent } = await ipv6;
      return { addresses, isSilent: isSilent || ipv4.isSilent };
    }
    const others = await Promise.race([ipv6, delay(ipv6PatienceMs, undefined)]);
    return { addresses: [...ipv4.addresses, ...(others?.addresses ?? [])], isSilent: false };
  }

  #resolverFor(resolvConf: string): dns.Resolver {
    if (this.#resolver?.resolvConf !== resolvConf) {
      this.#resolver = { resolvConf, dns: new dns.Resolver(questions) };
      if (this.#deps.servers !== undefined) this.#resolver.dns.setServers(this.#deps.servers);
    }
    return this.#resolver.dns;
  }

  /** It can not be interrupted: whoever waits behind one that hangs gives up at his own deadline, and is not asked for then. */
  #queueForSystem(name: string, late: AbortSignal): Promise<readonly LookupAddress[]> {
    const ask = this.#deps.askSystem ?? getaddrinfo;
    const answer = this.#systemAnswered.then(() => {
      if (late.aborted) throw unanswered(name);
      return ask(name);
    });
    this.#systemAnswered = answer.catch(() => undefined);
    return answer;
  }

  #remember(name: string, error: unknown): void {
    const nowMs = this.#stopwatch.elapsedMs();
    this.#failures.delete(name);
    this.#failures.set(name, { error, untilMs: nowMs + failureMs });
    for (const [other, { untilMs }] of this.#failures) {
      if (untilMs > nowMs && this.#failures.size <= maxFailures) break;
      this.#failures.delete(other);
    }
  }
}

async function answerOf(answer: Promise<string[]>, family: 4 | 6): Promise<Found> {
  try {
    return { addresses: (await answer).map((address) => ({ address, family })), isSilent: false };
  } catch (error) {
    const isSilent = error instanceof Error && 'code' in error && error.code === 'ETIMEOUT';
    return { addresses: [], isSilent };
  }
}

async function getaddrinfo(name: string): Promise<readonly LookupAddress[]> {
  return dns.lookup(name, { all: true });
}

function unanswered(name: string): Error {
  return Object.assign(new Error(`no name server answered for ${name}`), { code: 'EAI_AGAIN' });
}
