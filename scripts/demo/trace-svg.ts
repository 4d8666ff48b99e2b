/** A trace as a picture: a bar for each span, indented below its parent. Self-contained, for light and dark pages. */
import { round, svgDocument, text } from '../stack/svg.js';
import { childrenOf, type TraceSpan } from '../stack/trace.js';
import { inWords } from './screen.js';
import type { CallTrace } from './trace-tree.js';

const WIDTH = 960;
const MARGIN = 20;
const NAMES_WIDTH = 400;
const ROW_HEIGHT = 20;
const INDENT = 12;
const TOP = 88;
const TICKS = 5;
const FOOT = 30;
/** The narrowest bar: a span without duration is seen, too. */
const MIN_BAR = 3;
const TEXT_WIDTH = 90;

const STYLE = `
  .s0 { fill: #818b98; } .s1 { fill: #0969da; } .s2 { fill: #8250df; } .s3 { fill: #bf3989; } .s4 { fill: #1a7f37; }
  @media (prefers-color-scheme: dark) {
    .s1 { fill: #4493f8; } .s2 { fill: #ab7df8; } .s3 { fill: #db61a2; } .s4 { fill: #3fb950; }
  }
`;

interface Row {
  readonly span: TraceSpan;
  readonly depth: number;
}

function rowsOf(spans: readonly TraceSpan[], parentId?: string, depth = 0): Row[] {
  return childrenOf(spans, parentId).flatMap((span) => [
    { span, depth },
    ...rowsOf(spans, span.id, depth + 1),
  ]);
}

/** Draws a trace. */
export function drawTrace({ id, spans }: CallTrace, title: string): string {
  const rows = rowsOf(spans);
  const services = [...new Set(rows.map(({ span }) => span.service))];
  const beganAt = Math.min(...spans.map(({ startedAt }) => startedAt));
  const wholeMs = Math.max(...spans.map(({ endedAt }) => endedAt)) - beganAt;
  const left = MARGIN + NAMES_WIDTH;
  const x = (at: number): number => left + ((WIDTH - MARGIN - TEXT_WIDTH - left) * (at - beganAt)) / wholeMs;
  const bottom = TOP + rows.length * ROW_HEIGHT;
  const legend = services.map((service, index) => {
    const at = MARGIN + index * 180;
    return `<rect class="s${index % 5}" x="${at}" y="58" width="10" height="10"/>${text(at + 16, 67, service)}`;
  });
  const grid = Array.from({ length: TICKS + 1 }, (_, tick) => {
    const at = x(beganAt + (wholeMs * tick) / TICKS);
    const label = text(at + 3, bottom + 16, inWords((wholeMs * tick) / TICKS), 'faint');
    return `<line class="grid" x1="${round(at)}" y1="${TOP}" x2="${round(at)}" y2="${bottom}"/>${label}`;
  });
  const bars = rows.map(({ span, depth }, index) => {
    const y = TOP + index * ROW_HEIGHT;
    const from = x(span.startedAt);
    const width = Math.max(MIN_BAR, x(span.endedAt) - from);
    const color = `s${services.indexOf(span.service) % 5}`;
    return [
      text(MARGIN + depth * INDENT, y + 14, span.name),
      `<rect class="${color}" x="${round(from)}" y="${y + 5}" width="${round(width)}" height="10" rx="2"/>`,
      text(from + width + 5, y + 14, inWords(span.endedAt - span.startedAt), 'faint'),
    ].join('');
  });
  return svgDocument({
    width: WIDTH,
    height: bottom + FOOT,
    title,
    style: STYLE,
    body: [
      text(MARGIN, 26, title, 'title'),
      text(MARGIN, 44, `trace ${id}, ${spans.length} spans`, 'faint'),
      ...legend,
      ...grid,
      ...bars,
    ],
  });
}
