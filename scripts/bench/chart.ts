/** A chart of bars as SVG: self-contained, for light and dark pages. */
import { round, svgDocument, text } from '../stack/svg.js';

/** One bar: the median, and up to where nine of ten calls end. */
export interface Bar {
  readonly p50: number;
  readonly p90: number;
}

/** The bars of one variant, in the order of the legend. */
export interface BarGroup {
  readonly label: string;
  readonly bars: readonly Bar[];
}

/** What a chart shows. */
export interface Chart {
  readonly title: string;
  readonly subtitle: string;
  /** Names of a group's bars; two at most. */
  readonly legend: readonly string[];
  readonly groups: readonly BarGroup[];
  /** Stands below the chart. */
  readonly footnote: string;
}

const WIDTH = 760;
const MARGIN = 20;
const LABEL_WIDTH = 230;
const VALUE_WIDTH = 90;
const TOP = 104;
const BAR_HEIGHT = 12;
const BAR_GAP = 3;
const GROUP_GAP = 14;
const TICKS = 5;
const FOOT = 58;

const STYLE = `
  .bar-0 { fill: #8c959f; } .bar-1 { fill: #0969da; } .beyond { opacity: 0.35; }
  @media (prefers-color-scheme: dark) {
    .bar-0 { fill: #818b98; } .bar-1 { fill: #4493f8; }
  }
`;

/** Draws a chart. */
export function drawChart(chart: Chart): string {
  const { title, subtitle, legend, groups, footnote } = chart;
  const groupHeight = legend.length * (BAR_HEIGHT + BAR_GAP) - BAR_GAP + GROUP_GAP;
  const bottom = TOP + groups.length * groupHeight;
  const left = MARGIN + LABEL_WIDTH;
  const scaleEnd = WIDTH - MARGIN - VALUE_WIDTH;
  const step = tickStep(Math.max(1, ...groups.flatMap(({ bars }) => bars.map(({ p90 }) => p90))));
  const x = (ms: number): number => left + ((scaleEnd - left) * ms) / (step * TICKS);
  const body = [
    text(MARGIN, 30, title, 'title'),
    text(MARGIN, 50, subtitle, 'faint'),
    ...drawLegend(legend),
    ...Array.from({ length: TICKS + 1 }, (_, tick) => drawTick(x(tick * step), tick * step, bottom)),
    ...groups.flatMap((group, index) => drawGroup(group, TOP + index * groupHeight + GROUP_GAP / 2, left, x)),
    text(MARGIN, bottom + 44, footnote, 'faint'),
  ];
  return svgDocument({ width: WIDTH, height: bottom + FOOT, title, style: STYLE, body });
}

function drawLegend(legend: readonly string[]): string[] {
  return legend.flatMap((name, index) => {
    const left = MARGIN + index * 130;
    return [
      `<rect class="bar-${index}" x="${left}" y="66" width="12" height="12"/>`,
      text(left + 18, 76, name),
    ];
  });
}

function drawTick(at: number, ms: number, bottom: number): string {
  const line = `<line class="grid" x1="${round(at)}" x2="${round(at)}" y1="${TOP - 8}" y2="${bottom}"/>`;
  return `${line}${text(at, bottom + 18, `${ms} ms`, 'faint', 'middle')}`;
}

function drawGroup(
  { label, bars }: BarGroup,
  top: number,
  left: number,
  x: (ms: number) => number,
): string[] {
  const height = bars.length * (BAR_HEIGHT + BAR_GAP) - BAR_GAP;
  const drawn = bars.flatMap(({ p50, p90 }, index) => {
    const y = top + index * (BAR_HEIGHT + BAR_GAP);
    const rect = (from: number, to: number, more: string): string =>
      `<rect class="bar-${index}${more}" x="${round(from)}" y="${y}" width="${round(Math.max(0, to - from))}" height="${BAR_HEIGHT}"/>`;
    return [
      rect(left, x(p50), ''),
      rect(x(p50), x(p90), ' beyond'),
      text(x(p90) + 6, y + BAR_HEIGHT - 2, `${Math.round(p50)} / ${Math.round(p90)}`, 'faint'),
    ];
  });
  return [text(left - 10, top + height / 2 + 4, label, undefined, 'end'), ...drawn];
}

/** A round distance between ticks: 1, 2 or 5 times a power of ten. */
function tickStep(max: number): number {
  const power = 10 ** Math.floor(Math.log10(max / TICKS));
  return [1, 2, 5, 10].map((factor) => factor * power).find((step) => step * TICKS >= max) ?? max;
}
