import type TypeScript from 'typescript'
import { scopeTypeName } from '@/document/script-scope'

export interface ScriptText {
  text: string
  /** A function body with `return`, or a module with a default export. */
  kind: 'body' | 'module'
  language: 'js' | 'ts'
  /** Declaration of what the script sees, see scopeType. */
  scope: string
}

/** A script's text with what TypeScript has to be told put in between, and places of the one in the other. */
export interface Prepared {
  text: string
  toPrepared: (at: number) => number
  /** Null for a place in what was put in. */
  toSource: (at: number) => number | null
}

interface Insertion {
  at: number
  text: string
  /** Whether what stands at the same place comes behind it. */
  leads: boolean
}

/** A body becomes a function's; the parameter of a default export gets its type, where the author gave it none. */
export function prepare(ts: typeof TypeScript, { text, kind, language }: ScriptText): Prepared {
  const insertions = kind === 'module' ? typed(ts, text, language) : [{ at: 0, text: '(async function () {', leads: true }, { at: text.length, text: '\n});export {}', leads: false }]
  let whole = ''
  let done = 0
  for (const insertion of insertions) {
    whole += text.slice(done, insertion.at) + insertion.text
    done = insertion.at
  }
  return {
    text: whole + text.slice(done),
    toPrepared: (at) => insertions.reduce((sum, insertion) => (insertion.at < at || (insertion.at === at && insertion.leads) ? sum + insertion.text.length : sum), at),
    toSource: (at) => {
      let put = 0
      for (const insertion of insertions) {
        if (at < insertion.at + put) break
        if (at < insertion.at + put + insertion.text.length) return null
        put += insertion.text.length
      }
      return at - put
    },
  }
}

function typed(ts: typeof TypeScript, text: string, language: 'js' | 'ts'): Insertion[] {
  const source = ts.createSourceFile(`script.${language}`, text, ts.ScriptTarget.ESNext, true)
  const parameter = defaultFunction(ts, source)?.parameters[0]
  if (!parameter || parameter.type || ts.getJSDocType(parameter)) return []
  const [start, end] = [parameter.name.getStart(source), parameter.name.end]
  const bare = ts.isArrowFunction(parameter.parent) && !parameter.parent.getChildren(source).some((child) => child.kind === ts.SyntaxKind.OpenParenToken)
  const before = `${bare ? '(' : ''}${language === 'js' ? `/** @type {${scopeTypeName}} */` : ''}`
  const after = `${language === 'ts' ? `: ${scopeTypeName}` : ''}${bare ? ')' : ''}`
  return [{ at: start, text: before, leads: true }, { at: end, text: after, leads: false }].filter((insertion) => insertion.text !== '')
}

/** The function that a module exports by default, also where it is exported by its name. */
function defaultFunction(ts: typeof TypeScript, source: TypeScript.SourceFile): TypeScript.SignatureDeclaration | null {
  const isFunction = (node: TypeScript.Node | undefined) => node !== undefined && (ts.isArrowFunction(node) || ts.isFunctionExpression(node) || ts.isFunctionDeclaration(node))
  const named = (name: string) => {
    for (const statement of source.statements) {
      if (ts.isFunctionDeclaration(statement) && statement.name?.text === name) return statement
      const variable = ts.isVariableStatement(statement) ? statement.declarationList.declarations.find((each) => each.name.getText(source) === name) : undefined
      if (isFunction(variable?.initializer)) return variable?.initializer as TypeScript.FunctionExpression
    }
    return null
  }
  for (const statement of source.statements) {
    if (ts.isFunctionDeclaration(statement) && statement.modifiers?.some((modifier) => modifier.kind === ts.SyntaxKind.DefaultKeyword)) return statement
    if (!ts.isExportAssignment(statement)) continue
    if (ts.isIdentifier(statement.expression)) return named(statement.expression.text)
    if (isFunction(statement.expression)) return statement.expression as TypeScript.FunctionExpression
  }
  return null
}
