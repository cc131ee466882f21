/**
 * Writes the page's files and `manifest.json`, which names them. Run from the repository's root; takes about 3 s.
 * @param outdir emptied first
 */
export function buildGraphiql(outdir: string): Promise<void>
