import { javascript } from '@codemirror/lang-javascript'
import { json } from '@codemirror/lang-json'
import type { Diagnostic } from '@codemirror/lint'
import { Play, X } from 'lucide-react'
import { useMemo, useState, type KeyboardEvent } from 'react'
import { codeText as textOfCode } from '@/document/difference'
import { configOf, setScript, setValue } from '@/document/edit'
import { fileOf, pathBeside } from '@/document/files'
import { refOf } from '@/document/graph'
import { isList, textAt } from '@/document/json'
import { Button, IconButton } from '@/ui/button'
import { Problem } from '@/ui/page'
import { Split } from '@/ui/split'
import { Tabs } from '@/ui/tabs'
import { CodeView } from './code/code-view'
import type { Scope } from './code/completion'
import { codeText } from './code/expressions'
import { diagnosticsOf, offsetOf, syntaxError } from './code/script/diagnostics'
import { scriptKnowledge } from './code/script/extension'
import { useMistakes } from './code/script/use-mistakes'
import { SampleData } from './data-tree'
import { keyText } from './keys'
import { useSampleData } from './sample'
import styles from './script-editor.module.css'
import { Result } from './script-result'
import { edit, lockOf, seal, useDocument, useEditor, useEditorState, useHidden } from './store'
import { useScriptResult } from './use-script-result'
import { gatheredBy, inScript, useScriptTypes } from './use-script-types'

/** The large editor of a step's script, with what it gives for recorded data beside it. */
export function ScriptEditor({ step }: { step: string }) {
  const editor = useEditor()
  const document = useDocument()
  const { id, problems, readOnly, toData } = useEditorState((state) => state)
  const locked = useEditorState((state) => lockOf(state) !== null)
  const sample = useSampleData()
  const ref = refOf(step)
  const config = configOf(document, ref)
  const file = textAt(config, 'file')
  const path = file === null ? null : pathBeside(id, file)
  const hidden = useHidden(path)
  const text = path === null ? textOfCode(config['code']) : (document.scripts[path] ?? '')
  const language = (file === null ? config['language'] === 'ts' : file.endsWith('.ts')) ? 'ts' : 'js'
  const [own, setOwn] = useState<string | null>(null)
  const [tab, setTab] = useState('result')
  if (toData && tab !== 'data') setTab('data')
  const [goTo, setGoTo] = useState<{ at: number } | null>(null)
  const gathered = gatheredBy(config)
  const recorded = useMemo(() => withoutSecrets(inScript(sample.scopeOf(ref.id), gathered)), [sample, ref.id, gathered])
  const ownScope = useMemo(() => scopeOfText(own), [own])
  const scope = ownScope ?? recorded
  const types = useScriptTypes(ref.id, ownScope)
  const { result, running, run } = useScriptResult(text, file, readOnly !== null || hidden !== undefined || (sample.isPending && !ownScope) ? null : scope) // who may not edit may not run it on the server either
  const kind = path === null ? 'body' : 'module'
  const mistakes = useMistakes({ text, kind, language, scope: types.scope })
  const syntax = useMemo(() => [javascript({ typescript: language === 'ts' }), codeText], [language])
  const extensions = useMemo(() => [syntax, scriptKnowledge({ kind, language, scope: types.scope, recorded: scope })], [syntax, kind, language, types.scope, scope])
  const diagnostics = useKept(
    useMemo(() => {
      if (mistakes?.text !== text) return null // places would be of an older text; the editor moves what it shows
      const server = problems.filter((problem) => (path === null ? problem.file === fileOf(id) && problem.pointer.startsWith(`/steps/${ref.id}/code`) : problem.file === path))
      return diagnosticsOf(text, mistakes.mistakes, server, result?.text === text ? (result.evaluated?.error ?? null) : null, path === null)
    }, [mistakes, text, problems, path, id, ref.id, result]),
  )
  const change = (next: string) => {
    if (path !== null) return edit(editor, `Edit ${file}`, (old) => setScript(old, path, next), `script/${path}`)
    const lines = next.split('\n')
    return edit(editor, `Edit the script of ${ref.id}`, (old) => setValue(old, ref, ['code'], lines.length > 1 || isList(config['code']) ? lines : next), `script/${step}`)
  }
  const onKey = (event: KeyboardEvent) => {
    if (event.key !== 'Enter' || !(event.ctrlKey || event.metaKey)) return
    event.preventDefault()
    event.stopPropagation()
    run()
  }
  return (
    <section className={styles.editor} aria-label={`Script of ${ref.id}`} onBlur={() => seal(editor)} onKeyDownCapture={onKey}>
      <header className={styles.bar}>
        <strong>{ref.id}</strong>
        <span>{file ?? 'in the workflow file'}</span>
        <span className={styles.language}>{language === 'ts' ? 'TypeScript' : 'JavaScript'}</span>
        <small>{ownScope ? 'types from your own sample' : typesFrom(types.runs, sample.test)}</small>
        <div className={styles.gap} />
        <Button icon={<Play aria-hidden />} title={keyText('Mod+Enter')} onClick={run} disabled={running} reason={readOnly ?? hidden}>
          Run on the sample
        </Button>
        <IconButton label="Close the script" onClick={() => editor.setState({ script: null })}>
          <X aria-hidden />
        </IconButton>
      </header>
      {hidden === undefined ? (
        <Split name="script" direction="row" initial={38} label="Border between the script and its result">
          <CodeView large label={`Script of ${ref.id}`} className={styles.code} value={text} onChange={change} extensions={extensions} diagnostics={diagnostics} goTo={goTo} readOnly={locked} />
          <Tabs
            label="Beside the script"
            value={tab}
            onChange={setTab}
            tabs={[
              { id: 'result', label: 'Result', content: <Result result={result} running={running} syntax={mistakes && mistakes.text === result?.text ? syntaxError(mistakes.text, mistakes.mistakes) : null} onGoTo={(line, column) => setGoTo({ at: offsetOf(text, line, column) })} /> },
              { id: 'data', label: 'Data', content: <div className={styles.pane}><SampleData step={ref.id} /></div> },
              {
                id: 'input',
                label: 'Own sample',
                content: (
                  <div className={styles.pane}>
                    <p>What the script sees, as JSON. Change it to try other data; nothing is stored.</p>
                    <CodeView large label="Sample as JSON" className={styles.sample} value={own ?? JSON.stringify(recorded, null, 2)} onChange={setOwn} extensions={jsonOnly} />
                    {own === null ? null : ownScope ? <Button onClick={() => setOwn(null)}>Back to the recorded data</Button> : <p role="alert" className={styles.wrong}>This is no JSON object yet.</p>}
                  </div>
                ),
              },
            ]}
          />
        </Split>
      ) : (
        <div className={styles.pane}>
          <Problem sentences={[hidden]} />
        </div>
      )}
    </section>
  )
}

function typesFrom(runs: number, test: string | null): string {
  const sources = [...(test === null ? [] : ['the test case']), ...(runs === 0 ? [] : [runs === 1 ? '1 recorded run' : `${runs} recorded runs`])]
  return sources.length === 0 ? 'no run recorded: types from the workflow alone' : `types from ${sources.join(' and ')}`
}

/** Scripts never see a secret, not even its name. */
const withoutSecrets = (scope: Scope): Scope => Object.fromEntries(Object.entries(scope).filter(([name]) => name !== 'secret'))

const jsonOnly = json()

function scopeOfText(text: string | null): Scope | null {
  try {
    const scope: unknown = text === null ? null : JSON.parse(text)
    return typeof scope === 'object' && !Array.isArray(scope) ? (scope as Scope | null) : null
  } catch {
    return null
  }
}

const none: readonly Diagnostic[] = []

/** What is known last, while nothing newer is. */
function useKept(diagnostics: readonly Diagnostic[] | null): readonly Diagnostic[] {
  const [kept, keep] = useState(none)
  if (diagnostics && diagnostics !== kept) keep(diagnostics)
  return diagnostics ?? kept
}
