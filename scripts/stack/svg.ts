/** What pictures in the docs are made of: self-contained SVG, for light and dark pages. */

const STYLE = `
  .ground { fill: #ffffff; } text { fill: #1f2328; font: 12px system-ui, -apple-system, "Segoe UI", sans-serif; }
  .title { font-size: 16px; font-weight: 600; } .faint { fill: #59636e; } .grid { stroke: #d1d9e0; }
  @media (prefers-color-scheme: dark) {
    .ground { fill: #0d1117; } text { fill: #f0f6fc; } .faint { fill: #9198a1; } .grid { stroke: #3d444d; }
  }
`;

/** A picture. */
export interface SvgDocument {
  readonly width: number;
  readonly height: number;
  readonly title: string;
  /** Beside the classes `ground`, `title`, `faint` and `grid`, which every picture has. */
  readonly style: string;
  readonly body: readonly string[];
}

/** A picture as a file's text. */
export function svgDocument({ width, height, title, style, body }: SvgDocument): string {
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" aria-label="${escaped(title)}">`,
    `<style>${STYLE}${style}</style>`,
    `<rect class="ground" width="${width}" height="${height}" rx="6"/>`,
    ...body,
    '</svg>',
    '',
  ].join('\n');
}

/** A line of text. */
export function text(x: number, y: number, content: string, className?: string, anchor?: string): string {
  const attributes = [
    ...(className === undefined ? [] : [`class="${className}"`]),
    ...(anchor === undefined ? [] : [`text-anchor="${anchor}"`]),
  ];
  return `<text ${[`x="${round(x)}"`, `y="${round(y)}"`, ...attributes].join(' ')}>${escaped(content)}</text>`;
}

/** To a tenth of a pixel. */
export function round(value: number): number {
  return Math.round(value * 10) / 10;
}

function escaped(content: string): string {
  return content
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
