/** How clusters are connected to: each setting, what wins over what, what is refused, what is never shown. */
import assert from 'node:assert/strict';
import { chmod } from 'node:fs/promises';
import { after, before, describe, it } from 'node:test';
import { ConfigError } from '../../src/bridge/config/config-error.js';
import { describeConfig } from '../../src/bridge/config/describe.js';
import { ignoredSdkVariables } from '../../src/bridge/config/given.js';
import { resolveConfig, type ResolvedConfig } from '../../src/bridge/config/resolve.js';
import { createAuthority, credentialFolder, type CredentialFolder } from '../support/certificates.js';

type Env = Record<string, string>;
const DEV: Env = { BRIDGE_DEV: 'true' };
const AWAY: Env = { ...DEV, CLUSTER_B_HOST: 'temporal.example.com:7233' };

function problemsOf(env: Env): string[] {
  try {
    resolveConfig(env);
  } catch (error) {
    assert.ok(ConfigError.is(error));
    return error.problems.map(({ message }) => message);
  }
  return [];
}

/** The one problem. */
function problemOf(env: Env): string {
  const problems = problemsOf(env);
  assert.equal(problems.length, 1, problems.join('\n'));
  const [message = ''] = problems;
  assert.match(message, /^[A-Z0-9_]+: .+; expected .+, got .+; .+$/);
  return message;
}

function accessOf({ handlerCluster: { access } }: ResolvedConfig) {
  assert.ok(access);
  return access;
}

describe('settings of connections', () => {
  let folder: CredentialFolder;
  let pair: Env;
  before(async () => {
    folder = await credentialFolder();
    const authority = await createAuthority('authority');
    const other = await createAuthority('other');
    const { cert, key } = await authority.sign({ name: 'client' });
    await folder.write('ca.crt', authority.cert);
    await folder.write('other-ca.crt', other.cert);
    await folder.write('tls.crt', cert);
    await folder.write('tls.key', key);
    await folder.write('other.key', (await authority.sign({ name: 'other' })).key);
    await folder.write('api-key', ' key-of-file\n');
    await folder.write('empty', '\n');
    pair = {
      CLUSTER_B_TLS_CERT_FILE: folder.path('tls.crt'),
      CLUSTER_B_TLS_KEY_FILE: folder.path('tls.key'),
    };
  });
  after(() => folder.remove());

  const profiles = (toml: string): Promise<string> => folder.write('temporal.toml', toml);

  describe('plain text', () => {
    it('is for this host', () => {
      for (const host of ['localhost:1', '127.0.0.1:1', '127.9.8.7:1', '[::1]:1', 'LocalHost:1'])
        assert.equal(accessOf(resolveConfig({ ...DEV, CLUSTER_B_HOST: host })).tls, false, host);
    });

    it('is refused elsewhere, with the settings that help', () => {
      for (const host of [
        'temporal:1',
        '10.0.0.1:1',
        '[::2]:1',
        '127.example.com:1',
        'localhost.example.com:1',
      ])
        assert.equal(
          problemOf({ ...DEV, CLUSTER_B_HOST: host }),
          `CLUSTER_B_TLS: is off, which would make everything plain text to "${host}"; expected TLS to a cluster that is not on this host, got plain text; ask for TLS by CLUSTER_B_TLS, or allow plain text by CLUSTER_B_ALLOW_PLAINTEXT=true`,
        );
    });

    it('is allowed elsewhere for each cluster on its own', () => {
      const env = { ...AWAY, CLUSTER_A_HOST: 'a.example.com:7233' };
      assert.equal(problemsOf(env).length, 2);
      assert.match(problemOf({ ...env, CLUSTER_B_ALLOW_PLAINTEXT: 'true' }), /^CLUSTER_A_TLS: /);
      const both = { CLUSTER_A_ALLOW_PLAINTEXT: 'yes', CLUSTER_B_ALLOW_PLAINTEXT: 'true' };
      assert.equal(accessOf(resolveConfig({ ...env, ...both })).tls, false);
    });

    it('never carries an API key beyond this host', () => {
      const env = { ...AWAY, CLUSTER_B_TLS: 'false', CLUSTER_B_ALLOW_PLAINTEXT: 'true' };
      const message = problemOf({ ...env, CLUSTER_B_API_KEY: 'hunter2' });
      assert.match(message, /^CLUSTER_B_TLS: is off although there is an API key/);
      assert.doesNotMatch(message, /hunter2/);
      const near = { ...DEV, CLUSTER_B_TLS: 'false', CLUSTER_B_API_KEY: 'hunter2' };
      assert.deepEqual(accessOf(resolveConfig(near)).credentials.apiKey, 'hunter2');
    });

    it('is refused for an entry of a list that does not allow it', () => {
      const entry = 'eu=eu.example.com:7233/orders';
      assert.match(
        problemOf({ ...DEV, BRIDGE_CALLER_CLUSTERS: entry }),
        /^BRIDGE_CALLER_CLUSTERS: has an entry eu whose TLS is off.*allow plain text by \?plaintext=true$/,
      );
      assert.deepEqual(problemsOf({ ...DEV, BRIDGE_CALLER_CLUSTERS: `${entry}?plaintext=true` }), []);
    });
  });

  describe('TLS', () => {
    it('is on if anything asks for it', () => {
      const asking: Env[] = [
        { CLUSTER_B_TLS: 'true' },
        { CLUSTER_B_TLS: 'TRUE' },
        { CLUSTER_B_TLS_SERVER_NAME: 'temporal.internal' },
        { CLUSTER_B_TLS_CA_FILE: folder.path('ca.crt') },
        pair,
        { CLUSTER_B_API_KEY: 'k' },
        { CLUSTER_B_API_KEY_FILE: folder.path('api-key') },
      ];
      for (const env of asking) {
        const config = resolveConfig({ ...AWAY, ...env });
        assert.equal(accessOf(config).tls, true, JSON.stringify(env));
        assert.equal(config.callerCluster.access?.tls, false, 'of the other cluster');
      }
    });

    it('is not on and off', () => {
      assert.match(problemOf({ ...DEV, ...pair, CLUSTER_B_TLS: 'false' }), /^CLUSTER_B_TLS: is off although/);
    });

    it('takes a certificate and its key together', () => {
      const { CLUSTER_B_TLS_KEY_FILE: _, ...half } = pair;
      assert.match(problemOf({ ...AWAY, ...half }), /has a client certificate without its key/);
      const { client } = accessOf(resolveConfig({ ...AWAY, ...pair })).credentials;
      assert.equal(client?.subject, 'CN=client');
    });

    it('refuses files that cannot be used, each by its setting', async () => {
      const of = (env: Env): string => problemOf({ ...AWAY, ...pair, ...env });
      assert.match(
        of({ CLUSTER_B_TLS_KEY_FILE: folder.path('other.key') }),
        /^CLUSTER_B_TLS_KEY_FILE: .* does not belong to the client certificate; /,
      );
      assert.match(
        of({ CLUSTER_B_TLS_KEY_FILE: folder.path('tls.crt') }),
        /^CLUSTER_B_TLS_KEY_FILE: .* holds no private key .* got a CERTIFICATE block/,
      );
      assert.match(
        of({ CLUSTER_B_TLS_CERT_FILE: folder.path('tls.key') }),
        /^CLUSTER_B_TLS_CERT_FILE: .* holds no certificate .* got a PRIVATE KEY block/,
      );
      assert.match(
        of({ CLUSTER_B_TLS_CA_FILE: folder.path('empty') }),
        /^CLUSTER_B_TLS_CA_FILE: .*got an empty file/,
      );
      assert.match(of({ CLUSTER_B_TLS_CA_FILE: folder.path('none') }), /cannot be read; .* got ENOENT/);
      assert.match(
        of({ CLUSTER_B_API_KEY_FILE: folder.path('empty') }),
        /^CLUSTER_B_API_KEY_FILE: .* is empty/,
      );
      const open = await folder.write('open.key', 'x');
      await chmod(open, 0o644);
      assert.match(of({ CLUSTER_B_TLS_KEY_FILE: open }), /may be read by others/);
      assert.match(of({ CLUSTER_B_API_KEY_FILE: open }), /^CLUSTER_B_API_KEY_FILE: .* may be read by others/);
    });

    it('refuses values that are none', () => {
      for (const [name, text] of [
        ['CLUSTER_B_TLS', 'on'],
        ['CLUSTER_B_TLS_SERVER_NAME', 'host:7233'],
        ['CLUSTER_B_TLS_SERVER_NAME', 'https://host'],
        ['CLUSTER_B_TLS_CA_FILE', '-----BEGIN CERTIFICATE-----'],
        ['CLUSTER_B_API_KEY', 'two words'],
        ['CLUSTER_B_API_KEY', 'k'.repeat(8_193)],
        ['CLUSTER_B_PROFILE', 'a b'],
        ['BRIDGE_CREDENTIALS_REFRESH', '0s'],
      ] as const) {
        const message = problemsOf({ ...DEV, CLUSTER_B_TLS: 'true', [name]: text })[0] ?? '';
        assert.ok(message.startsWith(`${name}: `), `${name}: ${message}`);
        assert.doesNotMatch(message, /two words|kkk/);
      }
    });

    it('takes an API key as text or as a file, not both', () => {
      const file = { CLUSTER_B_API_KEY_FILE: folder.path('api-key') };
      assert.equal(accessOf(resolveConfig({ ...AWAY, ...file })).credentials.apiKey, 'key-of-file');
      assert.match(
        problemOf({ ...AWAY, ...file, CLUSTER_B_API_KEY: 'k' }),
        /is given as well as CLUSTER_B_API_KEY_FILE/,
      );
    });
  });

  describe('a profile', () => {
    const named = (): Env => ({
      ...DEV,
      CLUSTER_B_PROFILE: 'b',
      BRIDGE_PROFILES_FILE: folder.path('temporal.toml'),
    });

    it('gives what is not set, and a setting wins over it, each on its own', async () => {
      await profiles(`
        [profile.b]
        address = "b.example.com:7233"
        namespace = "orders.acct"
        api_key = "key-of-profile"
        [profile.b.tls]
        server_name = "profile.example.com"
        server_ca_cert_path = "${folder.path('ca.crt')}"
        client_cert_path = "${folder.path('tls.crt')}"
        client_key_path = "${folder.path('tls.key')}"
        [profile.b.grpc_meta]
        Team = "orders"
      `);
      const config = resolveConfig(named());
      const { address, namespace } = config.handlerCluster;
      assert.deepEqual([address, namespace], ['b.example.com:7233', 'orders.acct']);
      const { tls, serverName, credentials, metadata } = accessOf(config);
      assert.deepEqual([tls, serverName, metadata], [true, 'profile.example.com', { team: 'orders' }]);
      assert.equal(credentials.apiKey, 'key-of-profile');
      assert.equal(credentials.client?.subject, 'CN=client');
      assert.equal(config.callerCluster.address, 'localhost:7233');

      const over = resolveConfig({
        ...named(),
        CLUSTER_B_HOST: 'c.example.com:1',
        CLUSTER_B_NAMESPACE: 'other',
        CLUSTER_B_API_KEY: 'key-of-setting',
        CLUSTER_B_TLS_SERVER_NAME: 'setting.example.com',
        CLUSTER_B_TLS_CA_FILE: folder.path('other-ca.crt'),
      });
      assert.deepEqual(
        [over.handlerCluster.address, over.handlerCluster.namespace],
        ['c.example.com:1', 'other'],
      );
      const access = accessOf(over);
      assert.deepEqual(
        [access.serverName, access.credentials.apiKey],
        ['setting.example.com', 'key-of-setting'],
      );
      assert.notDeepEqual(access.credentials.ca, credentials.ca);
      assert.equal(access.credentials.client?.subject, 'CN=client');
      // A key of the profile does not belong to a certificate of the settings.
      assert.match(
        problemOf({ ...named(), CLUSTER_B_TLS_CERT_FILE: folder.path('tls.crt') }),
        /has a client certificate without its key/,
      );
      const off = { ...named(), CLUSTER_B_HOST: 'localhost:7234', CLUSTER_B_TLS: 'false' };
      assert.equal(accessOf(resolveConfig(off)).tls, false);
    });

    it('is shown with its source, and its secrets are not', async () => {
      await profiles('[profile.b]\naddress = "b.example.com:7233"\napi_key = "hunter2"');
      const env = named();
      const rows = describeConfig(env, {}, accessOf(resolveConfig(env)).fromProfile);
      const rowOf = (name: string) => {
        const { value, source } = rows.find((row) => row.env === name) ?? {};
        return [value, source];
      };
      assert.deepEqual(rowOf('CLUSTER_B_HOST'), ['b.example.com:7233', 'profile']);
      assert.deepEqual(rowOf('CLUSTER_B_API_KEY'), ['(hidden)', 'profile']);
      assert.deepEqual(rowOf('CLUSTER_B_NAMESPACE'), ['default', 'default']);
      const given = describeConfig({ ...env, CLUSTER_B_API_KEY: 'hunter3', CLUSTER_B_HOST: 'x:1' });
      assert.doesNotMatch(JSON.stringify([rows, given]), /hunter/);
    });

    it('holds a certificate and its key itself, too', async () => {
      const { readFile } = await import('node:fs/promises');
      const [crt, key] = await Promise.all(
        ['tls.crt', 'tls.key'].map((name) => readFile(folder.path(name), 'utf8')),
      );
      const path = await profiles(
        `[profile.b.tls]\nclient_cert_data = '''${crt}'''\nclient_key_data = '''${key}'''`,
      );
      assert.equal(accessOf(resolveConfig(named())).credentials.client?.subject, 'CN=client');
      await chmod(path, 0o644);
      assert.match(problemOf(named()), /^CLUSTER_B_PROFILE: the file of profiles .* may be read by others/);
    });

    it('may stand in a file that all can read, if it holds no secret', async () => {
      const path = await profiles('[profile.b]\naddress = "localhost:7234"');
      await chmod(path, 0o644);
      assert.deepEqual(problemsOf(named()), []);
      await profiles('[profile.b]\n[profile.c.grpc_meta]\nteam = "orders"');
      await chmod(path, 0o644);
      assert.deepEqual(problemsOf(named()), []);
      for (const secret of ['api_key = "k"', '[profile.c.grpc_meta]\nX-Vault-Token = "t"']) {
        await profiles(`[profile.b]\n[profile.c]\n${secret}`);
        await chmod(path, 0o644);
        assert.match(problemOf(named()), /may be read by others/);
      }
    });

    it('is refused with a reason that quotes nothing of the file', async () => {
      const refused = async (toml: string): Promise<string> => {
        await profiles(toml);
        const message = problemOf(named());
        assert.doesNotMatch(message, /hunter/);
        return message;
      };
      assert.match(await refused('[profile.c]'), /has no profile b; expected one of c, got b/);
      assert.match(await refused('[profile.b]\napi_key = "hunter'), /got no TOML at line 2/);
      assert.match(await refused('x = "hunter"'), /got key\(s\) unrecognized: x/);
      assert.match(
        await refused('[profile.b.tls]\ndisable_host_verification = true'),
        /unrecognized in profile\.b\.tls/,
      );
      assert.match(await refused('[profile.b]\naddress = 7'), /a wrong value of b\.address/);
      assert.match(await refused('[profile.b]\naddress = "nowhere"'), /whose address has no port/);
      assert.match(
        await refused('[profile.b]\n[profile.b.grpc_meta]\nAuthorization = "hunter"'),
        /authorization in grpc_meta/,
      );
      const { BRIDGE_PROFILES_FILE: _, ...without } = named();
      assert.match(problemOf(without), /there is no file of profiles/);
    });

    it('is what an entry of a list is connected by', async () => {
      await profiles('[profile.eu]\naddress = "not.used:1"\napi_key = "key-of-eu"');
      const { handlerClusters } = resolveConfig({
        ...DEV,
        BRIDGE_PROFILES_FILE: folder.path('temporal.toml'),
        BRIDGE_HANDLER_CLUSTERS: 'eu=eu.example.com:7233/orders?queue=q&profile=eu',
      });
      const [, eu] = handlerClusters;
      assert.deepEqual([eu?.address, eu?.handlerTaskQueue], ['eu.example.com:7233', 'q']);
      assert.deepEqual([eu?.access?.tls, eu?.access?.credentials.apiKey], [true, 'key-of-eu']);
    });
  });

  describe('variables of the SDK', () => {
    const SDK: Env = {
      TEMPORAL_ADDRESS: 'sdk.example.com:7233',
      TEMPORAL_NAMESPACE: 'sdk',
      TEMPORAL_API_KEY: 'hunter2',
      TEMPORAL_TLS: 'true',
      TEMPORAL_TLS_SERVER_NAME: 'sdk.example.com',
      TEMPORAL_PROFILE: 'sdk',
      TEMPORAL_CONFIG_FILE: '/nowhere/temporal.toml',
      TEMPORAL_GRPC_META_TEAM: 'x',
    };

    it('hit neither cluster, with a profile or without', async () => {
      await profiles(
        '[profile.b]\nnamespace = "of-b"\n[profile.sdk]\nnamespace = "of-sdk"\n[profile.default]',
      );
      const env = { ...DEV, CLUSTER_B_PROFILE: 'b', BRIDGE_PROFILES_FILE: folder.path('temporal.toml') };
      const before = { ...process.env };
      try {
        Object.assign(process.env, SDK);
        assert.deepEqual(resolveConfig({ ...env, ...SDK }), resolveConfig(env));
        assert.deepEqual(resolveConfig({ ...DEV, ...SDK }), resolveConfig(DEV));
        assert.equal(resolveConfig({ ...env, ...SDK }).handlerCluster.namespace, 'of-b');
      } finally {
        for (const name of Object.keys(SDK)) delete process.env[name];
        Object.assign(process.env, before);
      }
    });

    it('are named, without their values', () => {
      assert.deepEqual(ignoredSdkVariables({ ...SDK, TEMPORAL_CLI_PATH: 'x', TEMPORAL_TLS: ' ' }), [
        'TEMPORAL_ADDRESS',
        'TEMPORAL_API_KEY',
        'TEMPORAL_CONFIG_FILE',
        'TEMPORAL_GRPC_META_TEAM',
        'TEMPORAL_NAMESPACE',
        'TEMPORAL_PROFILE',
        'TEMPORAL_TLS_SERVER_NAME',
      ]);
    });
  });
});
