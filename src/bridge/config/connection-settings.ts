/** The settings that say how each cluster is connected to: the same set for A and for B, and what both share. */
import { apiKey, profile, serverName } from './connection-kinds.js';
import { boolean, choice, duration, file, keyFile } from './setting.js';

/** The settings of one cluster, by what follows `CLUSTER_A_` or `CLUSTER_B_`. */
function settingsOf<S extends 'A' | 'B'>(side: S) {
  const at = `${side === 'A' ? 'callerCluster' : 'handlerCluster'}.access`;
  const settings = {
    TLS: choice({
      path: `${at}.tls`,
      choices: ['auto', 'true', 'false'],
      default: 'auto',
      doc: `TLS to ${side}; auto = on if a TLS setting, an API key or the profile asks for it`,
    }),
    TLS_SERVER_NAME: serverName({
      path: `${at}.serverName`,
      doc: `Name that ${side}'s certificate must have; left out, the host of its address`,
    }),
    TLS_CA_FILE: file({
      path: `${at}.ca.path`,
      size: '1 MiB',
      example: '/etc/temporal-bridge/tls/ca.crt',
      doc: `CA certificates in PEM, of which one must have signed ${side}'s; left out, those that the system trusts`,
    }),
    TLS_CERT_FILE: file({
      path: `${at}.cert.path`,
      size: '64 KiB',
      example: '/etc/temporal-bridge/tls/tls.crt',
      doc: `Client certificate for ${side} in PEM, with its chain`,
    }),
    TLS_KEY_FILE: keyFile({
      path: `${at}.key.path`,
      example: '/etc/temporal-bridge/tls/tls.key',
      doc: 'Private key of the client certificate in PEM, readable by its owner only',
    }),
    API_KEY: apiKey({
      path: `${at}.apiKey.text`,
      doc: `API key for ${side}, sent with each request; asks for TLS`,
    }),
    API_KEY_FILE: keyFile({
      path: `${at}.apiKey.path`,
      example: '/run/secrets/temporal-api-key',
      doc: 'File with the API key instead, readable by its owner only',
    }),
    ALLOW_PLAINTEXT: boolean({
      path: `${at}.plaintext`,
      default: 'false',
      doc: `true: ${side} may be spoken to without TLS, although it is not on this host`,
    }),
    PROFILE: profile({
      path: `${at}.profile`,
      doc: `Profile in BRIDGE_PROFILES_FILE for what is not set here of ${side}'s connection`,
    }),
  } as const;
  type Settings = typeof settings;
  return Object.fromEntries(
    Object.entries(settings).map(([name, spec]) => [`CLUSTER_${side}_${name}`, spec]),
  ) as { readonly [K in keyof Settings as `CLUSTER_${S}_${K}`]: Settings[K] };
}

/** All settings of connections. */
export const connectionSettings = {
  ...settingsOf('A'),
  ...settingsOf('B'),
  BRIDGE_PROFILES_FILE: file({
    path: 'profilesFile',
    size: '64 KiB',
    example: '/etc/temporal-bridge/temporal.toml',
    doc: "Profiles in the TOML form of Temporal's command line and SDKs; private if it holds a credential",
  }),
  BRIDGE_CREDENTIALS_REFRESH: duration({
    path: 'credentialsRefreshMs',
    default: '10s',
    min: '1s',
    max: '1h',
    doc: 'Wait between two looks whether certificates, keys or API keys have changed in their files',
  }),
} as const;
