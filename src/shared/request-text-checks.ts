import { isWellFormed } from './bytes.js';
import { MAX_NAME_CHARS } from './limits.js';
import { problem } from './request-candidate.js';
import type { Field, RequestCandidate, RequestProblem } from './request-candidate.js';

/** One check: its name, and the problem it finds, if any. */
export interface RequestCheck {
  readonly name: string;
  find(request: RequestCandidate): RequestProblem | undefined;
}

/** The checks of a name that has to be there. */
export function nameCheck(field: 'workflowType' | 'taskQueue'): RequestCheck[] {
  const what = field === 'workflowType' ? 'the name of a workflow type' : 'the name of a task queue';
  return [
    {
      name: `${field} is a text`,
      find: (r) =>
        typeof r.get(field) === 'string' ? undefined : problem(r.keyOf(field), what, r.get(field)),
    },
    {
      name: `${field} is not empty`,
      find: (r) => {
        const value = r.get(field);
        return typeof value === 'string' && value.trim() === ''
          ? problem(r.keyOf(field), what, value)
          : undefined;
      },
    },
    ...textChecks(field, MAX_NAME_CHARS),
  ];
}

function textChecks(field: Field, maxChars: number): RequestCheck[] {
  return [
    {
      name: `${field} is not too long`,
      find: (r) => {
        const value = r.get(field);
        return typeof value === 'string' && value.length > maxChars
          ? problem(r.keyOf(field), `at most ${maxChars} characters`, value)
          : undefined;
      },
    },
    {
      name: `${field} has no lone surrogate`,
      find: (r) => {
        const value = r.get(field);
        return typeof value === 'string' && !isWellFormed(value)
          ? problem(r.keyOf(field), 'text that UTF-8 can carry (no lone surrogate)', value)
          : undefined;
      },
    },
  ];
}

/** The checks of a text that may be absent. */
export function optionalTextChecks(field: Field, maxChars: number): RequestCheck[] {
  return [
    {
      name: `${field} is a text`,
      find: (r) => {
        const value = r.get(field);
        return value !== undefined && typeof value !== 'string'
          ? problem(r.keyOf(field), 'a text', value)
          : undefined;
      },
    },
    {
      name: `${field} is not empty`,
      find: (r) =>
        r.get(field) === '' ? problem(r.keyOf(field), 'a text that is not empty', '') : undefined,
    },
    ...textChecks(field, maxChars),
  ];
}

/** The check of a field that has few values. */
export function choiceCheck(
  field: 'idMode' | 'scope' | 'parentClosePolicy',
  choices: readonly string[],
): RequestCheck {
  return {
    name: `${field} is one of its choices`,
    find: (r) => {
      const value = r.get(field);
      return value === undefined || choices.some((choice) => choice === value)
        ? undefined
        : problem(r.keyOf(field), choices.join(' | '), value);
    },
  };
}
