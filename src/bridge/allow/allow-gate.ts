/** Whether a call is allowed: denied unless a rule says otherwise, save in a development run without rules. */
import { showValue } from '../../shared/escape.js';
import { MAX_NAME_CHARS } from '../../shared/limits.js';
import type { AllowRules, CallerRule, TargetRule } from './allow-rules.js';
import type { NamePattern } from './pattern.js';

/** What is asked for. */
export interface AskedCall {
  readonly from: {
    readonly cluster: string;
    readonly namespace: string;
    /** Known on the caller side alone. */
    readonly workflowType?: string;
  };
  readonly to: {
    readonly cluster: string;
    /** Absent: not known, since no such workflow is there (any more, or yet). */
    readonly target?: TargetKind | undefined;
  };
}

/** What a workflow is, as far as rules go. */
export interface TargetKind {
  readonly workflowType: string;
  readonly taskQueue: string;
}

/** Why a call is not allowed, as metrics name it. */
export type Denial = 'caller-not-allowed' | 'target-not-allowed';

/** The list that is in force. */
export interface AllowGate {
  /** The caller side's check: who calls, and what is called. */
  deniedToCaller(asked: AskedCall): Denial | undefined;
  /** The handler side's check: what is called, from which cluster and namespace. */
  deniedToHandler(asked: AskedCall): Denial | undefined;
  /** No question is answered with no: a development run without rules. */
  readonly isOpen: boolean;
}

function fits(pattern: NamePattern | undefined, name: string): boolean {
  return pattern === undefined || pattern.matches(name);
}

function callerFits(rule: CallerRule, { from, to }: AskedCall): boolean {
  return (
    rule.workflowType.matches(from.workflowType ?? '') &&
    rule.namespace.matches(from.namespace) &&
    fits(rule.toCluster, to.cluster) &&
    (to.target === undefined ||
      (fits(rule.toWorkflowType, to.target.workflowType) && fits(rule.toTaskQueue, to.target.taskQueue)))
  );
}

function targetFits(rule: TargetRule, { from, to }: AskedCall): boolean {
  return (
    (to.target === undefined ||
      (rule.workflowType.matches(to.target.workflowType) && rule.taskQueue.matches(to.target.taskQueue))) &&
    fits(rule.cluster, to.cluster) &&
    fits(rule.fromCluster, from.cluster) &&
    fits(rule.fromNamespace, from.namespace)
  );
}

/** Makes the gate of a list. */
export function allowGate({ targets, callers }: AllowRules, dev: boolean): AllowGate {
  const holds = <R>(rules: readonly R[] | undefined, rule: (one: R) => boolean): boolean =>
    rules === undefined ? dev : rules.some(rule);
  const target = (asked: AskedCall): Denial | undefined =>
    holds(targets, (rule) => targetFits(rule, asked)) ? undefined : 'target-not-allowed';
  return {
    isOpen: dev && targets === undefined && callers === undefined,
    deniedToHandler: target,
    deniedToCaller: (asked) =>
      holds(callers, (rule) => callerFits(rule, asked)) ? target(asked) : 'caller-not-allowed',
  };
}

/** A denial in words: what was asked, whole, and nothing else. */
export function denialMessage(denial: Denial, { from, to }: AskedCall, side: 'caller' | 'handler'): string {
  const name = (text: string) => showValue(text, MAX_NAME_CHARS + 2);
  const what =
    to.target === undefined
      ? `a workflow of ${name(to.cluster)}`
      : `workflow type ${name(to.target.workflowType)} on task queue ${name(to.target.taskQueue)} of ${name(to.cluster)}`;
  if (denial === 'target-not-allowed') return `${what} is not allowed by the ${side} side's allow-list`;
  const who = `workflow type ${name(from.workflowType ?? '')} in namespace ${name(from.namespace)} of ${name(from.cluster)}`;
  return `${who} is not allowed by the ${side} side's allow-list to call ${what}`;
}
