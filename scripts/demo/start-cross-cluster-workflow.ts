/** `make start-cross-cluster-workflow`: types the call, waits for its result, shows the bridge's log. */
import { setTimeout as sleep } from 'node:timers/promises';
import { Client, Connection } from '@temporalio/client';
import { findTemporalCli } from '../stack/temporal-cli.js';
import { articleCommandLines, typeArticleCommand } from './article-call.js';
import { readPart } from './background.js';
import { followLog, showLogLine } from './bridge-log.js';
import { articleAnswer } from './calls.js';
import { workflowPage } from './links.js';
import { NAMESPACE } from './names.js';
import { runInScope, untilCtrlC } from '../stack/scope.js';
import { createScreen } from './screen.js';
import { addressOf } from './stack.js';
import { shortPath } from './start-stack.js';

const RESULT_TIMEOUT_MS = 30_000;

await runInScope(async (scope) => {
  const screen = createScreen();
  const { paint } = screen;
  const bridge = await readPart('bridge');
  if (!bridge)
    throw new Error('no bridge runs: run "make clusters-up deploy-bridge" first, or "make up" elsewhere');
  const address = addressOf(bridge.ports.a);
  const cli = await scope.orInterrupted(findTemporalCli({ log: () => undefined }));
  for (const line of articleCommandLines(bridge.ports.a.grpc)) screen.line(paint.yellow(line));
  const { workflowId, runId } = await scope.orInterrupted(typeArticleCommand(cli, address));
  screen.line(`Started on A: ${workflowId}`);
  screen.line(`  ${paint.underline(workflowPage(bridge.ports.a.ui, workflowId))}`);

  const connection = await Connection.connect({ address });
  scope.defer(() => connection.close());
  const handle = new Client({ connection, namespace: NAMESPACE }).workflow.getHandle(workflowId, runId);
  const overdue = sleep(RESULT_TIMEOUT_MS, undefined, { ref: false }).then(() => {
    throw new Error(`no result after ${RESULT_TIMEOUT_MS / 1000} s. The bridge's log: ${bridge.log}`);
  });
  const result: unknown = await screen.during(
    'waiting for the result',
    scope.orInterrupted(Promise.race([handle.result(), overdue])),
  );
  screen.line();
  screen.line(`Result: ${JSON.stringify(result, null, 2)}`);
  screen.line(`Output, decoded: ${paint.green(JSON.stringify(articleAnswer(result)))}`);

  const follows = screen.isTty && process.env['CI'] === undefined;
  screen.line();
  screen.line(
    `The bridge's log (${shortPath(bridge.log)}), ${follows ? 'the lines about this call, then all new ones, until Ctrl-C' : 'the lines about this call'}:`,
  );
  let isNew = false;
  const show = (line: string): void => {
    if (isNew || line.includes(workflowId)) showLogLine(line, screen);
  };
  await untilCtrlC(
    scope,
    followLog(bridge.log, scope, show, () => {
      isNew = true;
      return !follows;
    }),
  );
  return 0;
});
