import type { tracing, resources } from '@opentelemetry/sdk-node';
import { makeWorkflowExporter } from '@temporalio/interceptors-opentelemetry';
import type { OpenTelemetrySinks, SerializableSpan } from '@temporalio/interceptors-opentelemetry';
import type { InjectedSinks } from '@temporalio/worker';
import { ATTRIBUTE, workflowAttributes } from './attributes.js';
import type { TracedSide } from './tracing.js';

/**
 * Takes the spans of the bridge's own workflows out of their sandbox. The SDK's exporter adds all of a workflow's info to
 * each span, memo and last result included, and failures by their messages: here only what names things goes on.
 */
export function workflowSpanSinks(
  processor: tracing.SpanProcessor,
  resource: resources.Resource,
  where: TracedSide,
): InjectedSinks<OpenTelemetrySinks> {
  const { export: exported } = makeWorkflowExporter(processor, resource);
  return {
    exporter: {
      export: {
        ...exported,
        fn: (info, spans) => {
          // What is given as the workflow's info becomes the attributes.
          const attributes = workflowAttributes(where, info) as unknown as typeof info;
          return exported.fn(attributes, spans.map(withoutTexts));
        },
      },
    },
  };
}

/** A span without what failures say; their types stay. */
export function withoutTexts(span: SerializableSpan): SerializableSpan {
  const errorType = span.events.map(({ attributes }) => attributes?.['exception.type']).find(Boolean);
  return {
    ...span,
    attributes: errorType === undefined ? {} : { [ATTRIBUTE.errorType]: errorType },
    status: { code: span.status.code },
    events: [],
  };
}
