import { assertPortFree } from '../stack/ports.js';

/** The ports of one of the demo's clusters. */
export interface ClusterPorts {
  readonly grpc: number;
  readonly ui: number;
}

/** The ports of both clusters. */
export interface DemoPorts {
  readonly a: ClusterPorts;
  readonly b: ClusterPorts;
}

const PORTS = {
  DEMO_A_PORT: { port: 7233, use: 'for cluster A' },
  DEMO_A_UI_PORT: { port: 8080, use: "for cluster A's web UI" },
  DEMO_B_PORT: { port: 7234, use: 'for cluster B' },
  DEMO_B_UI_PORT: { port: 8081, use: "for cluster B's web UI" },
} as const;

type PortVariable = keyof typeof PORTS;
const VARIABLES = Object.keys(PORTS) as PortVariable[];

/**
 * The ports of the demo, each changed by an environment variable: A 7233 (`DEMO_A_PORT`), its web UI 8080
 * (`DEMO_A_UI_PORT`), B 7234 (`DEMO_B_PORT`), its web UI 8081 (`DEMO_B_UI_PORT`).
 *
 * @throws {Error} naming the variable, if one holds no port, or two hold the same
 */
export function readDemoPorts(env: NodeJS.ProcessEnv): DemoPorts {
  const port = (variable: PortVariable): number => {
    const text = env[variable] ?? '';
    if (text === '') return PORTS[variable].port;
    const value = /^\d{1,5}$/.test(text) ? Number(text) : 0;
    if (value >= 1 && value <= 65_535) return value;
    throw new Error(`${variable}: expected a port from 1 to 65535, got ${JSON.stringify(text)}`);
  };
  const users = new Map<number, PortVariable>();
  for (const variable of VARIABLES) {
    const other = users.get(port(variable));
    if (other) {
      throw new Error(
        `${other} and ${variable} are both ${port(variable)}; expected a port each: set one anew`,
      );
    }
    users.set(port(variable), variable);
  }
  return {
    a: { grpc: port('DEMO_A_PORT'), ui: port('DEMO_A_UI_PORT') },
    b: { grpc: port('DEMO_B_PORT'), ui: port('DEMO_B_UI_PORT') },
  };
}

/** The environment variables that {@link readDemoPorts} reads these ports from. */
export function portVariables({ a, b }: DemoPorts): Record<PortVariable, string> {
  return {
    DEMO_A_PORT: String(a.grpc),
    DEMO_A_UI_PORT: String(a.ui),
    DEMO_B_PORT: String(b.grpc),
    DEMO_B_UI_PORT: String(b.ui),
  };
}

/**
 * Makes sure that nothing listens on any of the ports.
 *
 * @param hint what else may help, said if one is taken
 * @throws {Error} naming every port that is taken, and the variable that changes it
 */
export async function assertDemoPortsFree(ports: DemoPorts, hint = ''): Promise<void> {
  const wanted = [ports.a.grpc, ports.a.ui, ports.b.grpc, ports.b.ui];
  const problems: string[] = [];
  for (const [index, variable] of VARIABLES.entries()) {
    try {
      await assertPortFree(wanted[index] ?? 0, PORTS[variable].use, variable);
    } catch (error) {
      problems.push(error instanceof Error ? error.message.replace(/^\[\w+\] /, '') : String(error));
    }
  }
  if (problems.length > 0) throw new Error([...problems, ...(hint === '' ? [] : [hint])].join('\n'));
}
