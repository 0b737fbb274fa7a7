import { Maximize2 } from 'lucide-react'
import { codeText } from '@/document/difference'
import { newId, setScript, setValue } from '@/document/edit'
import { pathBeside } from '@/document/files'
import { keyOf } from '@/document/graph'
import { textAt, type JsonObject } from '@/document/json'
import { Button } from '@/ui/button'
import { Select } from '@/ui/field'
import { Problem } from '@/ui/page'
import { openScript } from './commands'
import styles from './script-source.module.css'
import { edit, lockOf, useDocument, useEditor, useEditorState, useHidden } from './store'

/** Where a script step's code stands, its first lines, and the way into the editor. */
export function ScriptSource({ id, config }: { id: string; config: JsonObject }) {
  const editor = useEditor()
  const document = useDocument()
  const workflowId = useEditorState((state) => state.id)
  const readOnly = useEditorState((state) => lockOf(state) !== null)
  const hiddenFiles = useEditorState((state) => state.opened.hidden)
  const file = textAt(config, 'file')
  const folder = pathBeside(workflowId, '')
  const files = Object.keys({ ...document.scripts, ...hiddenFiles }).filter((name) => /\.(js|ts)$/.test(name)).map((name) => name.slice(folder.length))
  const hidden = useHidden(file === null ? null : pathBeside(workflowId, file))
  const text = file === null ? codeText(config['code']) : (document.scripts[pathBeside(workflowId, file)] ?? '')
  const use = (choice: string) =>
    edit(editor, `Change ${id}: where its code stands`, (old) => {
      const without = setValue(setValue(old, { kind: 'step', id }, ['code'], undefined), { kind: 'step', id }, ['file'], undefined)
      if (choice === 'inline') return setValue(without, { kind: 'step', id }, ['code'], file === null ? (config['code'] ?? []) : ['return input'])
      const name = choice === 'new' ? newFile(id, files) : choice
      const named = setValue(setValue(without, { kind: 'step', id }, ['file'], name), { kind: 'step', id }, ['language'], undefined)
      return choice === 'new' ? setScript(named, pathBeside(workflowId, name), moduleOf(text)) : named
    })
  return (
    <div className={styles.source}>
      <Select
        label="Where the code stands"
        value={file ?? 'inline'}
        disabled={readOnly}
        onChoose={use}
        options={[{ value: 'inline', label: 'In the workflow file' }, ...[...new Set([...files, ...(file === null ? [] : [file])])].map((name) => ({ value: name, label: name })), { value: 'new', label: 'A new TypeScript file …' }]}
      />
      {hidden === undefined ? (
        <>
          <button type="button" className={styles.preview} onClick={() => openScript(editor, keyOf({ kind: 'step', id }))} aria-label={`Open the script of ${id}`}>
            <code>{text.trim() === '' ? '// empty' : text.split('\n').slice(0, 14).join('\n')}</code>
          </button>
          <Button icon={<Maximize2 aria-hidden />} onClick={() => openScript(editor, keyOf({ kind: 'step', id }))}>
            Open the editor
          </Button>
        </>
      ) : (
        <Problem sentences={[hidden]} />
      )}
    </div>
  )
}

const newFile = (id: string, files: readonly string[]): string => `${newId(id, files.map((name) => name.replace(/\.(js|ts)$/, '')))}.ts`

/** A function body as a module. */
const moduleOf = (body: string): string => `export default function ({ event, input, steps, vars, state }) {\n${body.split('\n').map((line) => (line === '' ? '' : `  ${line}`)).join('\n')}\n}\n`
