/** Rules between clusters: which of them must differ, in what. */
import { writtenEntry, type ListedCluster } from './cluster-list.js';
import { configProblem, shownValue, type ConfigProblem } from './config-error.js';
import { splitAddress } from './setting.js';
import type { SettingName, SettingValues } from './settings.js';

/** The problems between the clusters; of a list that has no place in the role nothing is said. */
export function clusterRules(values: Partial<SettingValues>): ConfigProblem[] {
  const role = values.BRIDGE_ROLE;
  return [
    ...differentClusterNames(values),
    ...differentClusters(values),
    ...(role === 'handler' ? [] : furtherHandlers(values)),
    ...(role === 'caller' ? [] : furtherCallers(values)),
  ];
}

function differentClusterNames({
  CLUSTER_A_NAME: a,
  CLUSTER_B_NAME: b,
}: Partial<SettingValues>): ConfigProblem[] {
  if (a === undefined || a !== b) return [];
  return [
    configProblem('CLUSTER_B_NAME', {
      what: 'is the same as CLUSTER_A_NAME',
      expected: 'two different names',
      got: shownValue(a),
      fix: 'give each cluster a name of its own',
    }),
  ];
}

function differentClusters(values: Partial<SettingValues>): ConfigProblem[] {
  const a = place(values.CLUSTER_A_HOST, values.CLUSTER_A_NAMESPACE);
  const b = place(values.CLUSTER_B_HOST, values.CLUSTER_B_NAMESPACE);
  if (a === undefined || a !== b) return [];
  return [
    configProblem('CLUSTER_B_HOST', {
      what: 'points to the same server and namespace as CLUSTER_A_HOST',
      expected: 'two clusters, or two namespaces of one',
      got: shownValue(`${values.CLUSTER_B_HOST ?? ''} ${values.CLUSTER_B_NAMESPACE ?? ''}`),
      fix: 'correct CLUSTER_A_HOST or CLUSTER_B_HOST, or set another CLUSTER_B_NAMESPACE',
    }),
  ];
}

/** Workflow code names a handler cluster by its name alone. */
function furtherHandlers(values: Partial<SettingValues>): ConfigProblem[] {
  return clashes(
    'BRIDGE_HANDLER_CLUSTERS',
    values.BRIDGE_HANDLER_CLUSTERS,
    [clusterOf('A', values), clusterOf('B', values)],
    {
      alike: (one, other) => one.name === other.name,
      what: (other) => `has an entry with the same name as ${other}`,
      expected: 'a name of its own for each cluster',
    },
  );
}

/** A caller is found by name and namespace: a cluster is listed once for each of its caller namespaces. */
function furtherCallers(values: Partial<SettingValues>): ConfigProblem[] {
  return clashes('BRIDGE_CALLER_CLUSTERS', values.BRIDGE_CALLER_CLUSTERS, [clusterOf('A', values)], {
    alike: (one, other) => one.name === other.name && one.namespace === other.namespace,
    what: (other) => `has an entry with the same name as ${other}, in the same namespace`,
    expected: 'another name or namespace for each caller cluster',
  });
}

/** A cluster that entries are compared with; of `CLUSTER_A_*` and `CLUSTER_B_*` what was refused is missing. */
interface Known {
  readonly name: string | undefined;
  readonly address: string | undefined;
  readonly namespace: string | undefined;
  /** Where its name and its address come from, for people. */
  readonly nameFrom: string;
  readonly addressFrom: string;
}

function clusterOf(side: 'A' | 'B', values: Partial<SettingValues>): Known {
  const [nameFrom, addressFrom] = [`CLUSTER_${side}_NAME`, `CLUSTER_${side}_HOST`] as const;
  return {
    name: values[nameFrom],
    address: values[addressFrom],
    namespace: values[`CLUSTER_${side}_NAMESPACE`],
    nameFrom,
    addressFrom,
  };
}

/** Compares each entry with the clusters before it; one problem at most for each. */
function clashes(
  setting: SettingName,
  entries: readonly ListedCluster[] = [],
  others: readonly Known[],
  names: {
    readonly alike: (one: Known, other: Known) => boolean;
    readonly what: (other: string) => string;
    readonly expected: string;
  },
): ConfigProblem[] {
  const listed = entries.map((entry) => ({
    ...entry,
    nameFrom: 'another entry',
    addressFrom: 'another entry',
  }));
  return listed.flatMap((one, index) => {
    const known: Known[] = [...others, ...listed.slice(0, index)];
    const got = shownValue(writtenEntry(one));
    const namesake = known.find((other) => names.alike(one, other));
    if (namesake !== undefined) {
      const { expected } = names;
      const fix = 'rename one of the two, or remove the entry';
      return [configProblem(setting, { what: names.what(namesake.nameFrom), expected, got, fix })];
    }
    const here = place(one.address, one.namespace);
    const twin = known.find((other) => place(other.address, other.namespace) === here);
    if (twin === undefined) return [];
    return [
      configProblem(setting, {
        what: `has an entry that points to the same server and namespace as ${twin.addressFrom}`,
        expected: 'another server or namespace for each cluster',
        got,
        fix: 'correct one of the two, or remove the entry',
      }),
    ];
  });
}

/** Server and namespace in one text that is the same for the same place; all names of this host are one. */
function place(hostAndPort: string | undefined, namespace: string | undefined): string | undefined {
  const parts = hostAndPort === undefined ? undefined : splitAddress(hostAndPort);
  if (parts === undefined || namespace === undefined) return undefined;
  const host = /^(?:localhost|127\..*|::1)$/.test(parts.host) ? 'localhost' : parts.host;
  return `${host} ${String(parts.port)} ${namespace}`;
}
