import type TypeScript from 'typescript'
import { scopeNames, scopeTypeName } from '@/document/script-scope'
import { prepare, type Prepared, type ScriptText } from './prepared'

/** A mistake in a script; places are offsets in its text. */
export interface Mistake {
  from: number
  to: number
  message: string
  /** A warning where only the recorded data says so: what was never recorded may come all the same. */
  severity: 'error' | 'warning'
  /** The text is no script at all: whoever else reads it stumbles over it elsewhere. */
  syntax: boolean
}

export interface Suggestion {
  name: string
  /** What is written, and from where on, where that is not the name alone: `["odd name"]`. */
  insert: string | null
  from: number | null
  /** What it is in TypeScript's words: property, method, const … */
  kind: string
  /** The lower the nearer. */
  rank: number
}

export interface Explanation {
  from: number
  to: number
  /** Its type, as TypeScript writes it. */
  type: string
  documentation: string
}

/** TypeScript's own knowledge of one script at a time. */
export interface ScriptService {
  mistakes: (script: ScriptText) => Mistake[]
  suggestions: (script: ScriptText, at: number) => Suggestion[]
  /** What a suggestion is; null when it is none at this place. */
  details: (script: ScriptText, at: number, name: string) => Explanation | null
  explanation: (script: ScriptText, at: number) => Explanation | null
}

/** "Does not exist on type", "possibly null", "no overlap": true of the recorded data only. */
const uncertain = new Set([2339, 2367, 2531, 2532, 2533, 2551, 7053, 18046, 18047, 18048, 18049])

const scopeFile = '/scope.d.ts'
const globalsFile = '/globals.d.ts'

/**
 * @param ts The compiler.
 * @param libraries Texts of its `lib.….d.ts` files by name.
 * @param globals Declarations of what the sandbox has beyond ECMAScript.
 */
export function createService(ts: typeof TypeScript, libraries: ReadonlyMap<string, string>, globals: string): ScriptService {
  let script: ScriptText = { text: '', kind: 'body', language: 'js', scope: '' }
  let prepared: Prepared = prepare(ts, script)
  let version = 0
  const versions = new Map<string, number>()
  const fileName = () => `/script.${script.language}`
  const textOf = (name: string): string | undefined => {
    if (name === fileName()) return prepared.text
    if (name === scopeFile) return `${script.scope}\n${script.kind === 'body' ? scopeNames.map((each) => `declare const ${each}: ${scopeTypeName}['${each}']`).join('\n') : ''}`
    return name === globalsFile ? globals : libraries.get(name.slice(name.lastIndexOf('/') + 1))
  }
  const documents = ts.createDocumentRegistry()
  const service = ts.createLanguageService(
    {
      getCompilationSettings: () => ({
        target: ts.ScriptTarget.ESNext,
        module: ts.ModuleKind.ESNext,
        moduleDetection: ts.ModuleDetectionKind.Legacy,
        lib: ['lib.esnext.d.ts'],
        types: [],
        allowJs: true,
        checkJs: true,
        noEmit: true,
        skipLibCheck: true,
        noResolve: true,
        strict: script.language === 'ts',
        erasableSyntaxOnly: script.language === 'ts', // the sandbox only takes types away
      }),
      getScriptFileNames: () => [fileName(), scopeFile, globalsFile],
      getScriptVersion: (name) => String(versions.get(name) ?? 0),
      getScriptSnapshot: (name) => {
        const text = textOf(name)
        return text === undefined ? undefined : ts.ScriptSnapshot.fromString(text)
      },
      getCurrentDirectory: () => '/',
      getDefaultLibFileName: () => '/lib.esnext.d.ts',
      fileExists: (name) => textOf(name) !== undefined,
      readFile: textOf,
    },
    documents,
  )

  function open(next: ScriptText): void {
    if (next.scope !== script.scope || next.kind !== script.kind) versions.set(scopeFile, ++version)
    const changed = next.text !== script.text || next.kind !== script.kind || next.language !== script.language
    script = next
    if (!changed && version > 0) return
    prepared = prepare(ts, next)
    versions.set(fileName(), ++version)
  }

  const placeOf = (start: number, length: number): { from: number; to: number } | null => {
    const from = prepared.toSource(start)
    if (from === null) return null
    const last = length > 0 ? prepared.toSource(start + length - 1) : null
    return { from, to: last === null ? from : last + 1 }
  }

  const textOfParts = (parts: readonly TypeScript.SymbolDisplayPart[] | undefined): string => ts.displayPartsToString(parts ? [...parts] : [])

  return {
    mistakes(next) {
      open(next)
      const read = (all: readonly TypeScript.Diagnostic[], syntax: boolean) =>
        all.flatMap(({ start, length, messageText, code }): Mistake[] => {
          // What is not closed is met in what was put behind it: said at the end.
          const place = start === undefined ? null : (placeOf(start, length ?? 0) ?? { from: script.text.length, to: script.text.length })
          return place ? [{ ...place, message: ts.flattenDiagnosticMessageText(messageText, '\n'), severity: uncertain.has(code) ? 'warning' : 'error', syntax }] : []
        })
      return [...read(service.getSyntacticDiagnostics(fileName()), true), ...read(service.getSemanticDiagnostics(fileName()), false)]
    },
    suggestions(next, at) {
      open(next)
      const found = service.getCompletionsAtPosition(fileName(), prepared.toPrepared(at), { includeCompletionsWithInsertText: true })
      return (found?.entries ?? []).flatMap(({ name, insertText, replacementSpan, kind, sortText }): Suggestion[] =>
        kind === ts.ScriptElementKind.warning ? [] : [{ name, insert: insertText ?? null, from: replacementSpan ? prepared.toSource(replacementSpan.start) : null, kind, rank: Number.parseInt(sortText, 10) || 20 }],
      )
    },
    details(next, at, name) {
      open(next)
      const found = service.getCompletionEntryDetails(fileName(), prepared.toPrepared(at), name, undefined, undefined, undefined, undefined)
      return found ? { from: at, to: at, type: textOfParts(found.displayParts), documentation: textOfParts(found.documentation) } : null
    },
    explanation(next, at) {
      open(next)
      const found = service.getQuickInfoAtPosition(fileName(), prepared.toPrepared(at))
      const place = found && placeOf(found.textSpan.start, found.textSpan.length)
      return found && place ? { ...place, type: textOfParts(found.displayParts), documentation: textOfParts(found.documentation) } : null
    },
  }
}
