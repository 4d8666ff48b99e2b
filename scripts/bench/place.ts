/** Where the processes of the benchmark find each other; handed over as one JSON argument. */
export interface Place {
  /** Address of A, and of B: where each cluster's own workers connect. */
  readonly a: string;
  readonly b: string;
  /** Address of B as a caller's process on A reaches it: through the link, if there is one. */
  readonly bFromA: string;
}

/** The place that this process was started with. */
export function placeOfProcess(): Place {
  const [text] = process.argv.slice(2);
  if (text === undefined) throw new TypeError('expected the place as JSON');
  return JSON.parse(text) as Place;
}
