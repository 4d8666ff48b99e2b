/** The words of PromQL that stand without a bracket behind them. */
const WORDS = new Set(
  (
    'and or unless by without on ignoring group_left group_right offset bool atan2 inf nan ' +
    'sum min max avg count group stddev stdvar topk bottomk quantile count_values limitk limit_ratio'
  ).split(' '),
);

const STRING = /"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`[^`]*`/g;
const COMMENT = /#.*$/gm;
const LABEL_LIST = /\b(?:by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)/gi;
const NAME = /(?<![\w.$:])[a-zA-Z_:][\w:]*(?!\s*\(|[\w:])/g;

/** The names of the series that a PromQL expression selects, each once, in the order of the text. */
export function metricNamesIn(expression: string): string[] {
  const bare = expression
    .replaceAll(STRING, '""')
    .replaceAll(COMMENT, '')
    .replaceAll(/\{[^}]*\}/g, ' ')
    .replaceAll(/\[[^\]]*\]/g, ' ')
    .replaceAll(LABEL_LIST, ' ');
  const named = [...expression.matchAll(/\b__name__\s*=\s*"([^"]+)"/g)].map(([, name = '']) => name);
  const names = (bare.match(NAME) ?? []).filter((name) => !WORDS.has(name.toLowerCase()));
  return [...new Set([...names, ...named])];
}

/** The labels that an expression matches, groups by or joins on, each once. */
export function labelNamesIn(expression: string): string[] {
  const bare = expression.replaceAll(STRING, '""').replaceAll(COMMENT, '');
  const matchers = [...bare.matchAll(/\{([^}]*)\}/g)].flatMap(([, inside = '']) =>
    [...inside.matchAll(/(\w+)\s*(?:=|!=|=~|!~)\s*""/g)].map(([, label = '']) => label),
  );
  const lists = [...bare.matchAll(LABEL_LIST)].flatMap(([list]) =>
    list
      .slice(list.indexOf('(') + 1, -1)
      .split(',')
      .map((label) => label.trim()),
  );
  return [...new Set([...matchers, ...lists])].filter((label) => label !== '');
}
