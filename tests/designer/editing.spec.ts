import type { Page } from '@playwright/test'
import { Editor, middleOf } from './editor.ts'
import { expect, refuse, test } from './fixtures.ts'

const line = {
  name: 'Line',
  triggers: { start: { type: 'manual' } },
  steps: {
    first: { type: 'set', values: { greeting: 'hello' }, next: 'second' },
    second: { type: 'log', message: '${vars.greeting}', next: 'third' },
    third: { type: 'log', message: 'done' },
  },
}

const loop = {
  name: 'Loop',
  triggers: { start: { type: 'manual' } },
  steps: {
    each: { type: 'forEach', items: '${event.data.items}', next: { item: 'one', done: 'end' } },
    one: { type: 'log', message: '${item}', next: 'two' },
    two: { type: 'log', message: '${item}' },
    end: { type: 'stop' },
  },
}

const text = (workflow: object) => `${JSON.stringify(workflow, null, 2)}\n`

test.use({ setUp: { files: { 'line.json': text(line), 'loop.json': text(loop) } } })

const opened = async (page: Page, id: string): Promise<Editor> => {
  const editor = new Editor(page)
  await editor.open(id)
  return editor
}

test('undo and redo go through all edits; deleting leads past what is gone', async ({ page }) => {
  const editor = await opened(page, 'line')
  await expect(editor.status).toHaveText('Saved')

  await editor.step('third').click()
  await editor.add('log')
  await editor.rename('fourth')
  await editor.type(editor.field('message'), 'the end')
  await editor.step('second').click()
  await page.keyboard.press('d')
  await expect(editor.step('second')).toContainText('second')
  await page.keyboard.press('Delete')
  await expect(editor.step('second')).toHaveCount(0)
  await expect(editor.arrow('first', 'done', 'third')).toBeAttached()
  await page.keyboard.press('n')
  await page.keyboard.type('Mind the end.')
  await page.keyboard.press('Escape')
  await expect(editor.canvas.getByRole('group', { name: 'comment: Mind the end.' })).toBeVisible()

  const undo = page.getByRole('button', { name: 'Undo (Ctrl+Z)' })
  let edits = 0
  for (; await undo.isEnabled(); edits++) await page.keyboard.press('Control+z')
  expect(edits).toBeGreaterThanOrEqual(6)
  await expect(editor.status).toHaveText('Saved')
  await expect(editor.arrow('first', 'done', 'second')).toBeAttached()
  await expect(editor.step('log')).toHaveCount(0)

  for (let edit = 0; edit < edits; edit++) await page.keyboard.press('Control+Shift+z')
  await expect(page.getByRole('button', { name: 'Redo (Ctrl+Shift+Z)' })).toBeDisabled()
  await expect(editor.arrow('third', 'done', 'fourth')).toBeAttached()
  await expect(editor.arrow('first', 'done', 'third')).toBeAttached()
})

test('steps are copied by key, as JSON text, into another window', async ({ page, context, server }) => {
  const editor = await opened(page, 'line')
  await editor.step('second').click()
  await editor.step('third').click({ modifiers: ['Shift'] })
  await expect(page.getByRole('heading', { name: '2 things selected' })).toBeVisible()
  await page.keyboard.press('Control+c')

  await page.keyboard.press('Control+v')
  await expect(editor.arrow('second2', 'done', 'third2')).toBeAttached()
  await expect(page.getByRole('heading', { name: '2 things selected' })).toBeVisible()
  await page.keyboard.press('Control+d')
  await expect(editor.arrow('second3', 'done', 'third3')).toBeAttached()

  const other = await opened(await context.newPage(), 'loop')
  await other.canvas.focus()
  await other.page.keyboard.press('Control+v')
  await expect(other.arrow('second', 'done', 'third')).toBeAttached()
  await other.page.keyboard.press('Control+j')
  const json = other.page.getByRole('textbox', { name: 'The workflow as JSON' })
  await json.click()
  await other.page.keyboard.press('Control+End')
  await other.page.keyboard.press('Enter')
  await other.page.keyboard.press('Control+v')
  await expect(json).toContainText('"second": {')
  await expect(other.page.getByRole('alert')).toContainText(/Line \d+:/)
  await expect(other.canvas).toHaveCount(0)
  await other.page.keyboard.press('Control+z')
  await expect(other.page.getByRole('alert')).toHaveCount(0)
  expect(JSON.parse(await server.read('line.json'))).toEqual(line)
})

test('several are selected by a frame, passed over, cut and brought back', async ({ page }) => {
  const editor = await opened(page, 'line')
  const box = await editor.canvas.boundingBox()
  if (!box) throw new Error('There is no canvas.')
  await page.keyboard.down('Shift')
  await page.mouse.move(box.x + 10, box.y + 10)
  await page.mouse.down()
  await page.mouse.move(box.x + box.width - 10, box.y + box.height - 120, { steps: 8 })
  await page.mouse.up()
  await page.keyboard.up('Shift')
  await expect(page.getByRole('heading', { name: '4 things selected' })).toBeVisible()
  await page.getByRole('button', { name: 'Pass over, or no longer' }).click()
  await page.keyboard.press('Control+j')
  await expect(page.getByRole('textbox', { name: 'The workflow as JSON' }).getByText('"disabled": true')).toHaveCount(3)
  await page.keyboard.press('Control+j')

  await editor.canvas.focus()
  await page.keyboard.press('Control+a')
  await page.keyboard.press('Control+x')
  await expect(page.getByRole('heading', { name: 'What starts it?' })).toBeVisible()
  await page.keyboard.press('Control+v')
  await expect(editor.arrow('first', 'done', 'second')).toBeAttached()
  await expect(editor.trigger('start')).toBeVisible()
})

test('a comment is written, a loop collapsed, and one key places all anew', async ({ page, server }) => {
  const editor = await opened(page, 'loop')
  await editor.step('each').getByRole('button', { name: '2 steps' }).click()
  await expect(editor.step('one')).toHaveCount(0)
  await expect(editor.step('end')).toBeVisible()
  await editor.canvas.focus()
  await page.keyboard.press('Escape')
  await page.keyboard.press('n')
  await editor.canvas.getByRole('group', { name: 'comment:' }).dblclick()
  await page.getByRole('textbox', { name: 'Comment' }).fill('Orders come at night.')
  await page.keyboard.press('Escape')
  await expect(editor.canvas.getByText('Orders come at night.')).toBeVisible()
  await editor.step('end').focus()
  await page.keyboard.press('Enter')
  await page.keyboard.press('ArrowDown')
  await page.keyboard.press('ArrowDown')
  expect(await editor.save()).toEqual(['boxes stay where they were put from now on', 'comments changed', 'other loops are collapsed'])
  expect(JSON.parse(await server.read('loop.json'))).toEqual(loop)
  const layout = JSON.parse(await server.read('loop.layout.json')) as { steps: object; notes: Record<string, { text: string }>; collapsed: string[] }
  expect(layout.collapsed).toEqual(['each'])
  expect(Object.values(layout.notes).map((note) => note.text)).toEqual(['Orders come at night.'])
  expect(Object.keys(layout.steps)).toContain('end')

  await page.reload()
  await expect(editor.step('one')).toHaveCount(0)
  await editor.step('each').click()
  await page.keyboard.press('g')
  await expect(editor.step('two')).toBeVisible()
  await page.keyboard.press('Shift+l')
  await editor.save()
  const arranged = JSON.parse(await server.read('loop.layout.json')) as { steps?: object; notes: object }
  expect(Object.keys(arranged.steps ?? {})).toEqual([])
  expect(Object.keys(arranged.notes)).toHaveLength(1)
})

test('a comment counts as it is written', async ({ page }) => {
  const editor = await opened(page, 'line')
  await editor.canvas.focus()
  await page.keyboard.press('n')
  await page.keyboard.type('Mind')
  await page.keyboard.press('Control+s')
  const dialog = page.getByRole('dialog', { name: 'Save' })
  await expect(dialog).toContainText('comments changed')
  await expect(dialog).toContainText('"Mind"')
  await page.keyboard.press('Escape')
  await editor.canvas.getByText('Mind').dblclick()
  await page.keyboard.press('Control+End')
  await page.keyboard.type(' the end.')
  await page.reload()
  await expect(editor.canvas.getByText('Mind the end.')).toBeVisible()
})

test('a key on a button of the palette is for that button', async ({ page }) => {
  const editor = await opened(page, 'line')
  await editor.step('second').click()
  await page.keyboard.press('a')
  const close = editor.palette.getByRole('button', { name: 'Close' })
  await close.focus()
  for (const key of ['Delete', 'ArrowDown', 'd']) await page.keyboard.press(key)
  await expect(close).toBeFocused()
  await page.keyboard.press('Enter')
  await expect(editor.palette).toHaveCount(0)
  await expect(editor.status).toHaveText('Saved')
})

test('the JSON view and the canvas show the same, both ways', async ({ page }) => {
  const editor = await opened(page, 'line')
  await editor.step('second').click()
  await page.keyboard.press('Control+j')
  const json = page.getByRole('textbox', { name: 'The workflow as JSON' })
  await expect(json).toBeVisible()
  await editor.type(json, text({ ...line, steps: { ...line.steps, third: { type: 'log', message: 'done', next: 'fourth' }, fourth: { type: 'log', message: 'new' } } }))
  await page.getByRole('button', { name: 'Canvas' }).click()
  await expect(editor.arrow('third', 'done', 'fourth')).toBeAttached()
  await editor.step('fourth').click()
  await editor.rename('last')
  await page.getByRole('button', { name: 'JSON', exact: true }).click()
  await expect(json).toContainText('"next": "last"')
  await editor.type(json, '{ "steps": { "first": ')
  await expect(page.getByRole('alert')).toContainText('The canvas shows the last text that was whole.')
  await page.getByRole('button', { name: 'Canvas' }).click()
  await expect(editor.step('last')).toBeVisible()
})

test('a text that is no JSON yet is kept: on the canvas, in a closed tab, and when the file changes on the disk', async ({ page, server }) => {
  const editor = await opened(page, 'line')
  await page.keyboard.press('Control+j')
  const json = page.getByRole('textbox', { name: 'The workflow as JSON' })
  await editor.type(json, '{ "name": "Long work", "steps": { "first": ')
  await expect(editor.status).toHaveText('Not JSON yet, kept in this browser')
  await page.keyboard.press('Control+s')
  await expect(page.getByText(/^Nothing is saved: the text is no workflow yet\. Line 1:/)).toBeVisible()
  await expect(page.getByRole('dialog')).toHaveCount(0)

  await page.keyboard.press('Control+j')
  const notice = page.getByRole('alert').filter({ hasText: 'The text in the JSON view is no workflow yet: line 1:' })
  await expect(notice).toBeVisible()
  await editor.step('third').click()
  await page.keyboard.press('Delete')
  await expect(editor.step('third')).toBeVisible()
  await notice.getByRole('button', { name: 'Go to the text' }).click()
  await expect(json).toContainText('"Long work"')

  await page.goto('/runs')
  await server.write('line.json', text({ ...line, description: 'from the disk' }))
  await page.goto('/workflows/line')
  await expect(json).toContainText('{ "name": "Long work", "steps": { "first": ')
  await editor.type(json, text({ ...line, name: 'Long work' }))
  await expect(page.getByText('The files were changed elsewhere; those changes and yours are merged.', { exact: true })).toBeVisible()
  await expect(json).toContainText('"description": "from the disk"')
  expect(await editor.save()).toEqual(['name "Line" → "Long work"'])

  await editor.type(json, '{ "name": ')
  await page.getByRole('button', { name: 'Drop the text' }).click()
  await page.getByRole('dialog', { name: 'Drop the text' }).getByRole('button', { name: 'Drop' }).click()
  await expect(json).toContainText('"name": "Long work"')
  await expect(editor.status).toHaveText('Saved')
})

test('boxes that are moved one after the other are moved back one by one', async ({ page }) => {
  const editor = await opened(page, 'line')
  const place = async (step: string) => (await editor.step(step).boundingBox())?.y
  for (const id of ['first', 'second']) {
    const box = await editor.step(id).boundingBox()
    if (!box) throw new Error(`There is no ${id}.`)
    await editor.drag(editor.step(id), { x: box.x + box.width / 2, y: box.y + box.height / 2 + 120 })
  }
  const [first, second] = [await place('first'), await place('second')]
  await page.keyboard.press('Control+z')
  await expect.poll(() => place('second')).not.toBe(second)
  expect(await place('first')).toBe(first)
  await page.keyboard.press('Control+z')
  await expect.poll(() => place('first')).not.toBe(first)
  await expect(editor.status).toHaveText('Saved')
})

test('a press that trembles selects, and moves nothing', async ({ page }) => {
  const editor = await opened(page, 'line')
  const { x, y } = await middleOf(editor.step('second'))
  await page.mouse.move(x, y)
  await page.mouse.down()
  await page.mouse.move(x + 2, y + 1)
  await page.mouse.move(x + 3, y + 1)
  await page.mouse.up()
  await expect(page.getByRole('textbox', { name: 'Id of the step' })).toHaveValue('second')
  await expect(editor.status).toHaveText('Saved')
})

test('a script that was written on Windows keeps its line ends, and all its lines', async ({ page, server }) => {
  await server.write('win.json', text({ name: 'Win', triggers: { start: { type: 'manual' } }, steps: { count: { type: 'script', file: 'win.js' } } }))
  await server.write('win.js', 'export default function ({ event }) {\r\n  return 1\r\n}\r\n')
  const editor = await opened(page, 'win')
  await editor.step('count').click()
  await page.keyboard.press('e')
  const script = page.getByRole('textbox', { name: 'Script of count' })
  await expect(script.locator('.cm-line')).toHaveText(['export default function ({ event }) {', '  return 1', '}', ''])
  await script.getByText('return 1').click()
  await page.keyboard.press('End')
  await page.keyboard.type('00')
  await page.keyboard.press('Enter')
  await expect(script.locator('.cm-line')).toHaveCount(5)
  await expect(editor.status).toHaveText('Draft, kept in this browser')
  expect(await editor.save()).toEqual(['script win.js: 2 added, 1 removed lines'])
  expect(await server.read('win.js')).toBe('export default function ({ event }) {\r\n  return 100\r\n  \r\n}\r\n')
})

test('keys of the canvas do nothing while a script covers it', async ({ page, server }) => {
  await server.write('code.json', text({ name: 'Code', triggers: { start: { type: 'manual' } }, steps: { count: { type: 'script', code: ['return 1'] } } }))
  const editor = await opened(page, 'code')
  await editor.step('count').click()
  await page.keyboard.press('e')
  await page.getByRole('button', { name: 'Close the script' }).focus()
  await page.evaluate(() => (document.activeElement as HTMLElement).blur())
  for (const key of ['Delete', 'd', 'n', 'a']) await page.keyboard.press(key)
  await expect(page.getByRole('button', { name: 'Add', exact: true })).toBeDisabled()
  await expect(editor.status).toHaveText('Saved')
  await page.keyboard.press('Escape')
  await expect(editor.step('count')).toBeVisible()
  await expect(editor.palette).toHaveCount(0)
})

test('an emptied script has no result', async ({ page, server }) => {
  await server.write('code.json', text({ name: 'Code', triggers: { start: { type: 'manual' } }, steps: { count: { type: 'script', code: ['return 42'] } } }))
  const editor = await opened(page, 'code')
  await editor.step('count').click()
  await page.keyboard.press('e')
  await expect(page.getByRole('region', { name: 'Result' })).toContainText('42')
  await page.getByRole('textbox', { name: 'Script of count' }).click()
  await page.keyboard.press('Control+a')
  await page.keyboard.press('Delete')
  await expect(page.getByText('The result for the sample appears here as you type.')).toBeVisible()
})

test('a check that fails is told as one, and made again', async ({ page }) => {
  let refuse = true
  await page.route('**/api/workflows/line/check', (route) =>
    refuse ? route.fulfill({ status: 503, headers: { 'Retry-After': '1' }, contentType: 'application/problem+json', body: JSON.stringify({ title: 'Busy', detail: 'No more trials are taken now.' }) }) : route.continue(),
  )
  const editor = await opened(page, 'line')
  await page.getByRole('button', { name: 'Not checked' }).click()
  const panel = page.getByRole('region', { name: 'Problems' })
  await expect(panel).toContainText('The server did not look at these files: No more trials are taken now.')
  await editor.step('third').click()
  await editor.type(editor.field('message'), 'new')
  await page.keyboard.press('Control+s')
  await expect(page.getByRole('dialog', { name: 'Save' })).toContainText('The server did not look for mistakes in this yet')
  refuse = false
  await expect(panel).toContainText('The server has nothing against these files.')
})

test('mistakes are said as one types, by the server, and the list leads to each', async ({ page }) => {
  const editor = await opened(page, 'line')
  await expect(page.getByRole('button', { name: 'No problems' })).toBeVisible()
  await editor.step('third').click()
  await editor.type(editor.field('message'), '${vars.}')
  const field = page.getByRole('group', { name: 'message', exact: true })
  await expect(field.getByRole('alert')).toBeVisible()
  await expect(editor.step('third').getByLabel('1 problem')).toBeVisible()
  await editor.step('first').click()
  await page.getByRole('button', { name: '1 problem', exact: true }).click()
  await page.getByRole('region', { name: 'Problems' }).getByRole('listitem').getByRole('button').click()
  await expect(page.getByRole('textbox', { name: 'Id of the step' })).toHaveValue('third')
  await expect(editor.field('message')).toBeFocused()
  await editor.type(editor.field('message'), 'all is well')
  await expect(page.getByRole('region', { name: 'Problems' }).getByText('The server has nothing against these files.')).toBeVisible()
})

test('a draft survives its tab, and is told in the list', async ({ page, context }) => {
  const editor = await opened(page, 'line')
  await editor.step('third').click()
  await editor.type(editor.field('message'), 'kept')
  await expect(editor.status).toHaveText('Draft, kept in this browser')
  await page.close({ runBeforeUnload: true })

  const next = await context.newPage()
  await next.goto('/workflows')
  await expect(next.getByRole('row', { name: /Line/ })).toContainText('draft')
  await next.getByRole('link', { name: /Line/ }).click()
  const again = new Editor(next)
  await expect(again.status).toHaveText('Draft, kept in this browser')
  await expect(again.step('third')).toContainText('kept')
  expect(await again.save()).toEqual(['third: message "done" → "kept"'])
})

test('a workflow begins from an example, or from a file that is dropped on the list', async ({ page, server }) => {
  await page.goto('/workflows')
  await expect(page.getByRole('button', { name: 'New workflow' })).toBeEnabled() // it is known who asks
  const data = await page.evaluateHandle((given) => {
    const transfer = new DataTransfer()
    transfer.items.add(new File([given], 'dropped.json', { type: 'application/json' }))
    return transfer
  }, text(line))
  await page.dispatchEvent('body', 'dragover', { dataTransfer: data })
  await expect(page.getByText('Drop workflow files, with their scripts if they have some')).toBeVisible()
  await page.dispatchEvent('body', 'drop', { dataTransfer: data })
  const editor = new Editor(page)
  await expect(editor.arrow('second', 'done', 'third')).toBeAttached()
  await editor.save()
  expect(JSON.parse(await server.read('dropped.json'))).toEqual(line)

  await page.getByRole('link', { name: 'Workflows' }).first().click()
  await page.getByRole('button', { name: 'New workflow' }).click()
  await page.getByRole('dialog').getByText('Cold room alert').click()
  await expect(page.getByRole('textbox', { name: 'Id' })).toHaveValue('cold-room-alert')
  await page.getByRole('textbox', { name: 'Id' }).fill('plants/cold')
  await page.keyboard.press('Enter')
  await expect(editor.step('message')).toBeVisible()
  await editor.save()
  expect(await server.read('plants/cold.ts')).toContain('Is the door open?')
  expect(JSON.parse(await server.read('plants/cold.json'))).toMatchObject({ steps: { message: { file: 'cold.ts' } } })
})

test('a workflow is switched off and on in the list', async ({ page }) => {
  await page.goto('/workflows')
  const row = page.getByRole('row', { name: /Line/ })
  await row.getByRole('switch', { name: 'Line is on' }).click()
  await expect(row).toContainText('off')
  await row.getByRole('switch', { name: 'Line is on' }).press('Space')
  await expect(row).toContainText('active')
})

test('the command palette finds what can be done', async ({ page }) => {
  const editor = await opened(page, 'line')
  await editor.step('second').click()
  await page.keyboard.press('Control+k')
  await page.keyboard.type('dupl')
  await expect(page.getByRole('option', { name: /Duplicate/ })).toBeVisible()
  await page.keyboard.press('Enter')
  await expect(editor.step('second2')).toBeVisible()
  await page.keyboard.press('?')
  await expect(page.getByRole('dialog', { name: 'Keyboard shortcuts' })).toContainText('Duplicate')
  await page.keyboard.press('Escape')
  await expect(page.getByRole('dialog')).toHaveCount(0)
})

test('after a save the times of a schedule are those that were saved', async ({ page, server }) => {
  const yearly = (cron: string) => text({ name: 'Yearly', triggers: { year: { type: 'schedule', cron } }, steps: { say: { type: 'log', message: 'x' } } })
  await server.write('yearly.json', yearly('0 12 10 3 *'))
  const allow = await refuse(page, /\/api\/workflows\/yearly\/schedules/, 'Its times are not for you.')
  const editor = await opened(page, 'yearly')
  await editor.trigger('year').click()
  await page.getByRole('tab', { name: 'Try it' }).click()
  await expect(page.getByRole('tabpanel', { name: 'Try it' }).getByRole('alert')).toContainText('Its times are not for you.')
  await allow()
  const times = page.getByRole('tabpanel', { name: 'Try it' }).getByRole('listitem')
  await expect(times.first()).toContainText('Mar')
  await page.getByRole('tab', { name: 'Settings' }).click()
  await editor.field('cron').fill('0 12 10 6 *')
  await editor.save()
  await page.getByRole('tab', { name: 'Try it' }).click()
  await expect(times.first()).toContainText('Jun')
  await server.write('yearly.json', yearly('0 12 10 9 *'))
  await expect(times.first()).toContainText('Sep')
})

test('listening for requests is seen to end by itself', async ({ page, server }) => {
  await server.write('hook.json', text({ name: 'Hook', triggers: { in: { type: 'webhook', path: '/in' } }, steps: { say: { type: 'log', message: 'x' } } }))
  let listens = true
  await page.route('**/api/webhooks/captures', (route) => route.fulfill({ json: { items: listens ? [{ path: '/in', until: '2099-01-01T00:00:00Z' }] : [], next: null } }))
  const editor = await opened(page, 'hook')
  await editor.trigger('in').click()
  await page.getByRole('tab', { name: 'Try it' }).click()
  await expect(page.getByText('listening', { exact: true })).toBeVisible()
  listens = false
  await expect(page.getByText('listening', { exact: true })).toHaveCount(0)
})
