import { readdir } from 'node:fs/promises'
import { Editor } from './editor.ts'
import { expect, test } from './fixtures.ts'

test.use({ setUp: { examples: true } })

test('every example opens, and one that is saved and as it was has the same bytes', async ({ page, server }) => {
  const names = (await readdir(server.workflows)).filter((name) => !name.endsWith('.schema.json') && name !== 'README.md')
  const ids = names.filter((name) => /^[^.]+\.json$/.test(name)).map((name) => name.slice(0, -5))
  const before = new Map(await Promise.all(names.map(async (name) => [name, await server.read(name)] as const)))
  await page.goto('/workflows')
  await expect(page.getByRole('row')).toHaveCount(ids.length + 1)

  const editor = new Editor(page)
  for (const id of ids) {
    await editor.open(id)
    await expect(editor.status).toHaveText('Saved')
    const step = editor.canvas.getByRole('group', { name: /^step / }).first()
    await step.click()
    await page.keyboard.press('d')
    await editor.save()
    expect(await server.read(`${id}.json`), id).not.toBe(before.get(`${id}.json`))
    await step.focus()
    await page.keyboard.press('d')
    await editor.save()
    expect(await server.read(`${id}.json`), id).toBe(before.get(`${id}.json`))
  }
  for (const [name, text] of before) expect(await server.read(name), name).toBe(text)
  expect((await readdir(server.workflows)).filter((name) => name.endsWith('.layout.json'))).toEqual([])
})
