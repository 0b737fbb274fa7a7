const files = import.meta.glob<string>(['/node_modules/typescript/lib/lib.es*.d.ts', '/node_modules/typescript/lib/lib.decorators*.d.ts'], { query: '?raw', import: 'default', eager: true })

/** The declarations of ECMAScript that come with TypeScript, by file name. Without those of browsers: scripts run in none. */
export const libraries: ReadonlyMap<string, string> = new Map(Object.entries(files).map(([path, text]) => [path.slice(path.lastIndexOf('/') + 1), text]))
