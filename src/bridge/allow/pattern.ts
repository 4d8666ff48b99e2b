/** A name, or a pattern of names: `*` stands for any characters, also none. Anchored at both ends. */
export interface NamePattern {
  readonly text: string;
  /** Exact, character by character: upper and lower case, and two ways to write one letter in Unicode, are different. */
  matches(name: string): boolean;
}

/** Makes a pattern of its text. Takes time in proportion to name times pattern at most, whatever both are. */
export function namePattern(text: string): NamePattern {
  const [head = '', ...rest] = text.split('*');
  const tail = rest.pop();
  if (tail === undefined) return { text, matches: (name) => name === text };
  const middles = rest.filter((piece) => piece !== '');
  return {
    text,
    matches: (name) => {
      if (name.length < head.length + tail.length) return false;
      if (!name.startsWith(head) || !name.endsWith(tail)) return false;
      // The leftmost place of each piece leaves the most room for the next one.
      const end = name.length - tail.length;
      let at = head.length;
      for (const piece of middles) {
        const found = name.indexOf(piece, at);
        if (found === -1 || found + piece.length > end) return false;
        at = found + piece.length;
      }
      return true;
    },
  };
}
