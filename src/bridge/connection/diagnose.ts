/** Finds out why no connection to a cluster comes about: gRPC says hardly more than that there is none. */
import { checkServerIdentity, type PeerCertificate } from 'node:tls';
import type { ClusterAddress } from '../cluster-client.js';
import type { AccessNames } from '../config/access-subject.js';
import type { Credentials } from '../config/credentials.js';
import { splitAddress } from '../config/setting.js';
import { ConnectionFault, type ConnectionFaultReason } from './connection-fault.js';
import { shakePlain, shakeTls, type Handshake } from './handshake.js';

/** What is seen of a server's certificate. */
export interface ServerCertificate {
  /** DNS names and IP addresses. */
  readonly names: readonly string[];
  /** Milliseconds since the epoch. */
  readonly expiresAt: number;
}

/** What a look at a connection has found. */
export interface Diagnosis {
  /** What is wrong with it; absent: nothing, or nobody answers at the address at all. */
  readonly fault?: ConnectionFault;
  readonly certificate?: ServerCertificate;
}

const NO_NAMES: AccessNames = {
  tls: 'the setting of TLS',
  serverName: 'the server name',
  ca: 'the CA file',
  cert: 'the client certificate',
  apiKey: 'the API key',
};

/** Connects once, as the cluster's access says, and says what is wrong. Sends no request; takes 6 s at most. */
export async function diagnose(
  cluster: ClusterAddress,
  credentials: Credentials | undefined,
): Promise<Diagnosis> {
  const place = splitAddress(cluster.address);
  if (!place) return {};
  const { access } = cluster;
  const names = access?.names ?? NO_NAMES;
  const where = `${cluster.name} at ${cluster.address}`;
  const fault = (
    reason: ConnectionFaultReason,
    parts: ConstructorParameters<typeof ConnectionFault>[1],
  ): Diagnosis => ({ fault: new ConnectionFault(reason, parts) });

  if (!access?.tls) {
    const plain = await shakePlain(place);
    if (plain.isServed || isUnreachable(plain)) return {};
    const secure = await shakeTls(place, place.host, {});
    if (!secure.isSecure && secure.alert === undefined) return {};
    return fault('tls-server', {
      what: `${where} speaks TLS`,
      expected: 'plain text',
      got: 'a TLS handshake',
      fix: `set ${names.tls} to true`,
    });
  }

  const name = access.serverName ?? place.host;
  const { ca, client } = credentials ?? access.credentials;
  const own = { ...(ca ? { ca } : {}), ...(client ? { client } : {}) };
  const shaken = await shakeTls(place, name, own);
  if (isUnreachable(shaken)) return {};
  const certificate = shaken.certificate && serverCertificate(shaken.certificate);
  const found = (reason: ConnectionFaultReason, parts: ConstructorParameters<typeof ConnectionFault>[1]) => ({
    ...fault(reason, parts),
    ...(certificate ? { certificate } : {}),
  });

  if (shaken.certificate && certificate) {
    const wrong = wrongCertificate(shaken.certificate, certificate, shaken.untrusted);
    if (wrong) return found(wrong.reason, wrong.parts);
    if (shaken.isServed) return { certificate };
    if (shaken.code === 'NO_HTTP2') {
      return found('no-http2', {
        what: `${where} speaks TLS, but no HTTP/2`,
        expected: 'the gRPC port of a Temporal frontend',
        got: 'another protocol',
        fix: 'correct the address',
      });
    }
  }
  if (shaken.alert === 'UNRECOGNIZED_NAME') {
    return found('wrong-name', {
      what: `${where} does not know the name ${name}`,
      expected: 'a name that it serves',
      got: name,
      fix: `set ${names.serverName}`,
    });
  }
  const aboutClient = clientRefusal(shaken);
  if (aboutClient) return aboutClient;
  const plain = await shakePlain(place);
  if (plain.isServed) {
    return found('plain-text-server', {
      what: `${where} speaks plain text`,
      expected: 'TLS',
      got: 'a server without it',
      fix: `correct the address, or set ${names.tls} to false, which needs plain text to be allowed beyond this host`,
    });
  }
  return found('handshake', {
    what: `${where} ends the TLS handshake`,
    expected: 'a server that speaks TLS 1.2 or newer and HTTP/2',
    got: shaken.code ?? 'no reason',
    fix: 'see the log of the server, or of the proxy before it',
  });

  function wrongCertificate(
    peer: PeerCertificate,
    { names: has, expiresAt }: ServerCertificate,
    untrusted: string | undefined,
  ) {
    const whose = `the certificate of ${where}`;
    switch (untrusted) {
      case undefined:
        break;
      case 'CERT_HAS_EXPIRED': {
        const late = expiredInChain(peer);
        return wrong('expired', {
          what: `${whose} has expired${late === peer ? '' : ` in its chain, at ${subjectOf(late)}`}`,
          expected: 'a certificate that holds now',
          got: `one that held until ${iso(Date.parse((late ?? peer).valid_to)) || iso(expiresAt)}`,
          fix: 'renew it on the server; see that the clock of this host is right',
        });
      }
      case 'CERT_NOT_YET_VALID':
        return wrong('not-yet-valid', {
          what: `${whose} does not hold yet`,
          expected: 'a certificate that holds now',
          got: `one that holds from ${iso(Date.parse(peer.valid_from))}`,
          fix: 'see that the clock of this host is right, else renew it on the server',
        });
      default:
        return wrong('wrong-ca', {
          what: `${whose} is signed by no CA that is trusted here (${untrusted})`,
          expected: ca ? `a CA of ${names.ca}` : 'a CA that the system trusts',
          got: `one signed by ${issuerOf(peer)}`,
          fix: `set ${names.ca} to the CA that signed it`,
        });
    }
    const mismatch = checkServerIdentity(name, peer);
    // Without alternative names only some of the clients here would take the subject's name.
    if (mismatch === undefined && has.length > 0) return undefined;
    return wrong('wrong-name', {
      what: `${whose} is not for the name ${name}`,
      expected: name,
      got: has.length === 0 ? 'no names in it (subjectAltName)' : `only ${has.slice(0, 10).join(', ')}`,
      fix:
        has.length === 0
          ? 'issue one with names on the server'
          : `set ${names.serverName} to one of them, or correct the address`,
    });
  }

  function wrong(reason: ConnectionFaultReason, parts: ConstructorParameters<typeof ConnectionFault>[1]) {
    return { reason, parts };
  }

  function clientRefusal({ alert, isSecure, code }: Handshake): Diagnosis | undefined {
    const isAboutIt = alert !== undefined && CLIENT_CERTIFICATE_ALERTS.has(alert);
    // Some servers close the connection instead, once they have seen the certificate.
    const isClosed = isSecure && (code === 'CLOSED' || code === 'ECONNRESET' || code === 'EPIPE');
    if (!isAboutIt && !isClosed) return undefined;
    const got = alert === undefined ? 'the end of the connection' : `the alert ${alert.toLowerCase()}`;
    if (!client) {
      return found('no-client-certificate', {
        what: `${where} asks for a client certificate, and none is given`,
        expected: 'a client certificate (mTLS)',
        got,
        fix: `set ${names.cert}`,
      });
    }
    if (client.expiresAt < Date.now()) {
      return found('client-certificate-expired', {
        what: `${where} refuses the client certificate (${client.subject}), which has expired`,
        expected: 'a certificate that holds now',
        got: `one that held until ${iso(client.expiresAt)}`,
        fix: `renew ${names.cert}`,
      });
    }
    return found('client-certificate-refused', {
      what: `${where} refuses the client certificate (${client.subject})`,
      expected: 'one signed by a CA that the server trusts for clients',
      got,
      fix: `give ${names.cert} of that CA, or let the server trust the one that signed it`,
    });
  }
}

const CLIENT_CERTIFICATE_ALERTS: ReadonlySet<string> = new Set([
  'CERTIFICATE_REQUIRED',
  'UNKNOWN_CA',
  'BAD_CERTIFICATE',
  'CERTIFICATE_EXPIRED',
  'CERTIFICATE_REVOKED',
  'CERTIFICATE_UNKNOWN',
  'UNSUPPORTED_CERTIFICATE',
  'ACCESS_DENIED',
  'HANDSHAKE_FAILURE',
]);

function isUnreachable({ code = '' }: Handshake): boolean {
  return ['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'ETIMEDOUT', 'EHOSTUNREACH', 'ENETUNREACH'].includes(
    code,
  );
}

function serverCertificate({ subjectaltname = '', valid_to: to }: PeerCertificate): ServerCertificate {
  const names = subjectaltname.split(', ').flatMap((part) => {
    const [, name] = /^(?:DNS|IP Address):(.+)$/.exec(part) ?? [];
    return name === undefined ? [] : [name];
  });
  return { names, expiresAt: Date.parse(to) };
}

/** The first certificate of the chain that has expired. */
function expiredInChain(peer: PeerCertificate): PeerCertificate {
  let link = peer as PeerCertificate & { issuerCertificate?: PeerCertificate };
  for (let depth = 0; depth < 10; depth += 1) {
    if (Date.parse(link.valid_to) < Date.now()) return link;
    const { issuerCertificate: next } = link;
    if (!next || next === link) return peer;
    link = next;
  }
  return peer;
}

function subjectOf({ subject }: PeerCertificate): string {
  return namesOf(subject);
}

function issuerOf({ issuer }: PeerCertificate): string {
  return namesOf(issuer);
}

function namesOf(parts: PeerCertificate['subject'] | undefined): string {
  const text = Object.entries(parts ?? {}).map(([name, value]) => `${name}=${String(value)}`);
  return text.join(', ') || 'nobody that it names';
}

function iso(ms: number): string {
  return Number.isFinite(ms) ? new Date(ms).toISOString().replace('.000Z', 'Z') : '';
}
