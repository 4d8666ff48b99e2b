/** The resources of the bridge as far as tests look at them; that they have this shape is tested by their schemas. */
import type { Resource } from './kustomize.js';

type Labels = Readonly<Record<string, string>>;

/** Probes of the container. */
export interface Probe {
  readonly httpGet: { readonly path: string; readonly port: string };
  readonly periodSeconds: number;
  readonly timeoutSeconds: number;
  readonly failureThreshold: number;
}

/** The bridge's container. */
export interface Container {
  readonly name: string;
  readonly image: string;
  readonly command: readonly string[];
  readonly env: readonly { readonly name: string; readonly value: string }[];
  readonly envFrom: readonly { readonly configMapRef: { readonly name: string } }[];
  readonly ports: readonly { readonly name: string; readonly containerPort: number }[];
  readonly volumeMounts: readonly {
    readonly name: string;
    readonly mountPath: string;
    readonly readOnly: boolean;
  }[];
  readonly startupProbe: Probe;
  readonly livenessProbe: Probe;
  readonly readinessProbe: Probe;
  readonly resources: Readonly<
    Record<'requests' | 'limits', { readonly cpu: string; readonly memory: string }>
  >;
  readonly securityContext: {
    readonly allowPrivilegeEscalation: boolean;
    readonly readOnlyRootFilesystem: boolean;
    readonly capabilities: { readonly drop: readonly string[] };
  };
}

interface Items {
  readonly items: readonly { readonly key: string; readonly path: string }[];
}

/** A volume: a Secret, or a ConfigMap. */
export interface Volume {
  readonly name: string;
  readonly secret?: Items & { readonly secretName: string; readonly defaultMode: number };
  readonly configMap?: Items & { readonly name: string };
}

/** The Deployment. */
export interface Deployment extends Resource {
  readonly spec: {
    readonly replicas: number;
    readonly selector: { readonly matchLabels: Labels };
    readonly template: {
      readonly metadata: { readonly labels: Labels };
      readonly spec: {
        readonly serviceAccountName: string;
        readonly automountServiceAccountToken: boolean;
        readonly enableServiceLinks: boolean;
        readonly terminationGracePeriodSeconds: number;
        readonly securityContext: {
          readonly runAsNonRoot: boolean;
          readonly runAsUser: number;
          readonly fsGroup: number;
          readonly seccompProfile: { readonly type: string };
        };
        readonly topologySpreadConstraints: readonly {
          readonly topologyKey: string;
          readonly labelSelector: { readonly matchLabels: Labels };
        }[];
        readonly containers: readonly [Container];
        readonly volumes: readonly Volume[];
      };
    };
  };
}

/** The ConfigMap. */
export interface ConfigMap extends Resource {
  readonly data: Readonly<Record<string, string>>;
}

/** The PodDisruptionBudget. */
export interface DisruptionBudget extends Resource {
  readonly spec: { readonly maxUnavailable: number; readonly selector: { readonly matchLabels: Labels } };
}

interface PolicyPort {
  readonly port: number | string;
  readonly protocol: string;
}

/** The NetworkPolicy. */
export interface NetworkPolicy extends Resource {
  readonly spec: {
    readonly podSelector: { readonly matchLabels: Labels };
    readonly policyTypes: readonly string[];
    readonly ingress: readonly { readonly from: readonly object[]; readonly ports: readonly PolicyPort[] }[];
    readonly egress: readonly { readonly to?: readonly object[]; readonly ports: readonly PolicyPort[] }[];
  };
}

/** The PodMonitor. */
export interface PodMonitor extends Resource {
  readonly spec: {
    readonly jobLabel: string;
    readonly selector: { readonly matchLabels: Labels };
    readonly podMetricsEndpoints: readonly {
      readonly port: string;
      readonly path: string;
      readonly honorLabels: boolean;
    }[];
  };
}
