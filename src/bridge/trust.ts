/** What a running bridge goes by when it seals, verifies and allows; read anew when its files change. */
import { createHash, createPublicKey } from 'node:crypto';
import { BridgeError } from '../shared/bridge-error.js';
import { RELOAD_INTERVAL_MS } from '../shared/limits.js';
import type { AllowGate } from './allow/allow-gate.js';
import { allowGate } from './allow/allow-gate.js';
import type { ResolvedConfig } from './config/resolve.js';
import type { BridgeLogger } from './logger.js';
import type { BridgeMetrics } from './metrics/bridge-metrics.js';
import type { Sealer, SealVerifier } from './seal.js';
import { createSealVerifier, createSealer, developmentKey, sealKeyId } from './seal.js';

/** The keys and the allow-list in force; each use takes what holds at that moment. */
export interface Trust {
  readonly sealer: Sealer;
  readonly verifier: SealVerifier;
  readonly allow: AllowGate;
  /** Reads the files now instead of at the next look. */
  reload(): void;
  stop(): void;
}

interface InForce {
  readonly sealer: Sealer;
  readonly verifier: SealVerifier;
  readonly allow: AllowGate;
}

function inForce(config: ResolvedConfig): InForce {
  const { signingKey, verifyKeys, verifyKeyCallers, allow, dev } = config;
  const own = signingKey ?? developmentKey();
  return {
    sealer: createSealer(own),
    verifier:
      verifyKeys.length > 0
        ? createSealVerifier(verifyKeys, verifyKeyCallers)
        : createSealVerifier([createPublicKey(own)]),
    allow: allowGate(allow, dev),
  };
}

/** The same for two configurations that trust and allow the same. */
function keysMark({ signingKey, verifyKeys, verifyKeyCallers }: ResolvedConfig): string {
  const keys = [signingKey ? sealKeyId(signingKey) : '', verifyKeys.map(sealKeyId), verifyKeyCallers];
  return createHash('sha256').update(JSON.stringify(keys)).digest('hex').slice(0, 12);
}

/** The list in force as log lines and the command line show it. */
export function allowFields({ allow }: Pick<ResolvedConfig, 'allow'>): Record<string, unknown> {
  const { targets, callers, source, hash } = allow;
  return {
    targetRules: targets?.length ?? 'none given',
    callerRules: callers?.length ?? 'none given',
    source: source ?? 'none',
    hash,
  };
}

/** Says at the start which list is in force, and loudly if there is none. */
function announce(config: ResolvedConfig, log: BridgeLogger, event: string): void {
  const { role, dev, allow } = config;
  const missing = [
    ...(allow.targets === undefined ? ['BRIDGE_ALLOW_TARGETS'] : []),
    ...(role !== 'handler' && allow.callers === undefined ? ['BRIDGE_ALLOW_CALLERS'] : []),
  ];
  log.info(event, allowFields(config));
  if (missing.length === 0) return;
  const todo = `set ${missing.join(' and ')}, or BRIDGE_ALLOW_FILE`;
  if (dev) log.warn('Every call is allowed: a development run without a whole allow-list', { todo });
  else log.error('Every call will be refused with TARGET_NOT_ALLOWED: there is no allow-list', { todo });
}

/** Puts a configuration into force, and from then on what its files say. */
export function createTrust(config: ResolvedConfig, log: BridgeLogger, metrics: BridgeMetrics): Trust {
  let held = config;
  let now = inForce(config);
  let told = '';
  announce(config, log, 'allow-list in force');
  const reload = (): void => {
    if (!config.readAgain) return;
    let next: ResolvedConfig;
    try {
      next = config.readAgain();
      const hasLess =
        (held.signingKey && !next.signingKey) || (held.verifyKeys.length > 0 && next.verifyKeys.length === 0);
      if (hasLess) throw new BridgeError('CONFIG_INVALID', 'the keys are gone');
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      metrics.reloadFailed(config.role, true);
      if (told !== why)
        log.error('Changed files cannot be used: keys and allow-list stay as they were', { why });
      told = why;
      return;
    }
    if (told !== '') log.info('the files can be used again');
    told = '';
    metrics.reloadFailed(config.role, false);
    const [keysChanged, listChanged] = [
      keysMark(next) !== keysMark(held),
      next.allow.hash !== held.allow.hash,
    ];
    if (!keysChanged && !listChanged) return;
    held = next;
    now = inForce(next);
    if (listChanged) announce(next, log, 'allow-list reloaded');
    if (keysChanged)
      log.info('seal keys reloaded', {
        ...(next.signingKey ? { sealsWith: now.sealer.keyId } : {}),
        ...(next.verifyKeys.length > 0 ? { accepts: now.verifier.keyIds } : {}),
      });
  };
  metrics.declareReload(config.role);
  const timer = config.readAgain ? setInterval(reload, RELOAD_INTERVAL_MS).unref() : undefined;
  return {
    sealer: {
      get keyId() {
        return now.sealer.keyId;
      },
      seal: (address) => now.sealer.seal(address),
    },
    verifier: {
      get keyIds() {
        return now.verifier.keyIds;
      },
      check: (seal, shownBy) => now.verifier.check(seal, shownBy),
    },
    allow: {
      get isOpen() {
        return now.allow.isOpen;
      },
      deniedToCaller: (asked) => now.allow.deniedToCaller(asked),
      deniedToHandler: (asked) => now.allow.deniedToHandler(asked),
    },
    reload,
    stop: () => clearInterval(timer),
  };
}
