import * as nexus from 'nexus-rpc';
import type { CallRequest } from '../names.js';

/** The Nexus service of the benchmark. */
export const targets = nexus.service('targets', { answer: nexus.operation<CallRequest, string>() });
