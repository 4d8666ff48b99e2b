/** The image of the bridge, as `docker build` makes it. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { TEST_PROJECT } from '../../scripts/containers/leftovers.js';
import { eventually } from '../support/inspect.js';
import { composeStack, type ComposeStack } from './compose-stack.js';

const LIMIT = { timeout: 2 * 60_000 };
const IMAGE = 'temporal-bridge:image-test';
const HARDENED = ['--rm', '--read-only', '--tmpfs', '/tmp', '--cap-drop', 'ALL', '--network', 'none'];

interface Inspected {
  readonly Size: number;
  readonly Config: {
    readonly User: string;
    readonly Entrypoint: readonly string[];
    readonly Cmd: readonly string[];
    readonly Labels: Readonly<Record<string, string>>;
    readonly Healthcheck?: { readonly Test: readonly string[] };
  };
}

describe('the image of the bridge', () => {
  let stack: ComposeStack;
  let inspected: Inspected;

  before(
    async () => {
      stack = await composeStack(`${TEST_PROJECT}${process.pid}`);
      await stack.docker('build', '--quiet', '--build-arg', 'REVISION=abc', '--tag', IMAGE, '.');
      const [found] = JSON.parse(await stack.docker('image', 'inspect', IMAGE)) as readonly Inspected[];
      assert.ok(found);
      inspected = found;
      console.log(`image: ${(found.Size / 1e6).toFixed(0)} MB`);
    },
    { timeout: 10 * 60_000 },
  );
  after(async () => {
    await stack.docker('image', 'rm', '--force', IMAGE);
  }, LIMIT);

  const inImage = (script: string): Promise<string> =>
    stack.docker('run', ...HARDENED, '--entrypoint', 'sh', IMAGE, '-ec', script);

  test('runs the bridge as a user without rights, has a health check and says what it is', () => {
    const { User, Entrypoint, Cmd, Labels, Healthcheck } = inspected.Config;
    assert.equal(User, '1000:1000');
    assert.deepEqual([...Entrypoint, ...Cmd], ['temporal-bridge', 'run']);
    assert.ok(Healthcheck);
    assert.equal(Labels['org.opencontainers.image.revision'], 'abc');
    assert.equal(Labels['org.opencontainers.image.licenses'], 'MIT');
    assert.match(Labels['org.opencontainers.image.version'] ?? '', /^\d+\.\d+\.\d+$/);
  });

  test('has its command line, which writes nowhere', LIMIT, async () => {
    assert.match(await inImage('temporal-bridge --version'), /^\d+\.\d+\.\d+$/m);
    assert.match(await inImage('temporal-bridge config --dev'), /BRIDGE_HTTP_ADDRESS\s+0\.0\.0\.0:9464/);
  });

  test('holds the packages of production, one platform’s native part, and bundles', LIMIT, async () => {
    const listed = await inImage(
      'cd /app; ls; ls node_modules node_modules/@temporalio/core-bridge/releases dist/bundles',
    );
    for (const present of ['caller.js', 'handler.js', 'pino', 'unknown-linux-gnu'])
      assert.ok(listed.includes(present), present);
    assert.equal(listed.match(/unknown-linux-gnu/g)?.length, 1);
    for (const absent of ['typescript', 'eslint', 'tsx', 'prettier', 'scripts', 'darwin', 'windows'])
      assert.doesNotMatch(listed, new RegExp(`^${absent}$`, 'm'));
  });

  test('cannot be changed by what runs in it', LIMIT, async () => {
    const writable = await stack.docker(
      ...[
        'run',
        '--rm',
        '--entrypoint',
        'sh',
        IMAGE,
        '-c',
        'find /app /usr /etc -writable ! -type l | head -3',
      ],
    );
    assert.equal(writable, '');
  });

  test('refuses to start without keys, and says how to make them', LIMIT, async () => {
    await assert.rejects(stack.docker('run', ...HARDENED, IMAGE), /BRIDGE_SEAL_SIGNING_KEY/);
  });

  test('is unhealthy without its clusters, and ends by SIGTERM', LIMIT, async () => {
    const name = `image-test-${process.pid}`;
    const settings = [
      '--env',
      'BRIDGE_DEV=true',
      '--health-interval=1s',
      '--health-start-period=0s',
      '--health-retries=1',
    ];
    await stack.docker('run', '--detach', '--name', name, ...HARDENED.slice(1), ...settings, IMAGE);
    try {
      const stateOf = async (format: string): Promise<string> =>
        (await stack.docker('inspect', '--format', format, name)).trim();
      await eventually(
        'the container is unhealthy',
        async () => (await stateOf('{{.State.Health.Status}}')) === 'unhealthy',
      );
      await eventually('the health check says why', async () =>
        /has not answered|not been reached|not answer/i.test(await stateOf('{{json .State.Health.Log}}')),
      );
      const logged = await stack.docker('logs', '--timestamps', name);
      const [served = ''] = logged.split('\n').filter((line) => line.includes('"health and metrics"'));
      const tookMs =
        Date.parse(served.split(' ')[0] ?? '') - Date.parse(await stateOf('{{.State.StartedAt}}'));
      console.log(`served health ${tookMs} ms after its start`);
      await stack.docker('stop', name);
      assert.equal(await stateOf('{{.State.ExitCode}}'), '0');
    } finally {
      await stack.docker('rm', '--force', name);
    }
  });
});
