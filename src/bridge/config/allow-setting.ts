/** The kinds of setting that hold an allow-list: short entries, or the path of a file. Read in `load-allow.ts`. */
import { z } from 'zod';
import { MAX_ALLOW_FILE_BYTES, MAX_ALLOW_RULES } from '../../shared/limits.js';
import type { SettingSpec } from './setting.js';

/** `TYPE@PLACE` entries; may be missing. */
export function allowEntries(
  spec: Pick<SettingSpec<unknown>, 'path' | 'doc' | 'example'> & { readonly place: string },
) {
  const { place, ...rest } = spec;
  return {
    ...rest,
    type: 'allow entries',
    range: `workflow-type@${place}, * for any characters, separated by commas or white space, ${String(MAX_ALLOW_RULES)} at most`,
    schema: z.string(),
  } as const satisfies SettingSpec<string>;
}

/** The path of a JSON file; may be missing. */
export function allowFile(spec: Pick<SettingSpec<unknown>, 'path' | 'doc' | 'example'>) {
  return {
    ...spec,
    type: 'allow file',
    range: `path of a regular file, ${String(MAX_ALLOW_FILE_BYTES / 1024)} KiB at most`,
    schema: z.string().superRefine((text, context) => {
      if (text.includes('\0') || text.length > 4_096 || text.startsWith('{'))
        context.addIssue({ code: 'custom', message: 'is not a path' });
    }),
  } as const satisfies SettingSpec<string>;
}
