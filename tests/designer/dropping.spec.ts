import { Editor, middleOf } from './editor.ts'
import { expect, test } from './fixtures.ts'

const ids = Array.from({ length: 13 }, (_, n) => `s${n + 1}`)
const steps = Object.fromEntries(ids.map((id, n) => [id, { type: 'log', message: id, ...(n + 1 < ids.length ? { next: ids[n + 1] } : {}) }]))
const long = { name: 'Long', triggers: { start: { type: 'manual' } }, steps }

test.use({ setUp: { files: { 'long.json': `${JSON.stringify(long, null, 2)}\n` } } })

test('a step is dropped on an arrow, and the map moves the view', async ({ page }) => {
  const editor = new Editor(page)
  await editor.open('long')
  await editor.canvas.focus()
  await page.keyboard.press('a')
  await page.keyboard.type('log')
  await editor.drag(editor.palette.getByRole('option', { name: /^Log/ }), editor.arrow('s1', 'done', 's2'))
  await expect(editor.arrow('s1', 'done', 'log')).toBeAttached()
  await expect(editor.arrow('log', 'done', 's2')).toBeAttached()
  await expect(editor.palette).toHaveCount(0)

  const first = await middleOf(editor.step('s1'))
  const { x, y } = await middleOf(page.getByRole('img', { name: 'Map of the workflow' }))
  await page.mouse.move(x, y)
  await page.mouse.down()
  await page.mouse.move(x + 30, y, { steps: 4 })
  await page.mouse.up()
  await expect.poll(async () => (await middleOf(editor.step('s1'))).x).toBeLessThan(first.x - 100)
})

test('recorded data is put into a field by mouse, by keyboard and by completion', async ({ page, server }) => {
  await server.api('POST', '/api/workflows/long/run', { celsius: 9.5 })
  await expect.poll(async () => (await server.api<{ items: unknown[] }>('GET', '/api/runs?state=succeeded')).items.length).toBe(1)
  const editor = new Editor(page)
  await editor.open('long')
  await editor.step('s1').click()
  const message = editor.field('message')
  const celsius = page.getByRole('tree', { name: 'Data' }).getByRole('treeitem', { name: /^celsius:/ }).first()
  await editor.type(message, 'It has ')
  await page.keyboard.press('Control+i')
  for (let presses = 0; presses < 20 && !(await celsius.evaluate((item) => item === document.activeElement)); presses++) await page.keyboard.press('ArrowDown')
  await page.keyboard.press('Enter')
  await expect(message).toHaveText(/^It has \$\{[\w.]*celsius\}$/)
  await expect(message).toBeFocused()
  await expect(page.getByText('It has 9.5', { exact: true })).toBeVisible()

  await editor.type(message, '')
  await editor.drag(celsius.getByText('celsius'), message)
  await expect(message).toHaveText(/^\$\{[\w.]*celsius\}$/)

  await editor.type(message, '')
  await page.keyboard.type('${event.data.ce')
  const completions = page.getByRole('listbox', { name: 'Completions' })
  await expect(completions.getByRole('option')).toHaveText(/celsius/)
  await completions.getByRole('option').click()
  await expect(message).toHaveText('${event.data.celsius}')
})
