import { Editor } from './editor.ts'
import { expect, test } from './fixtures.ts'

const script = `interface Scope {
  event: { data: { celsius: number }; params: { plant: string; room: string } };
}

export default function ({ event }: Scope) {
  const { plant, room } = event.params;
  return { text: \`Room \${room} of \${plant} is at \${event.data.celsius.toFixed(1)} °C. Is the door open?\` };
}
`

test('the cold room workflow is built from an empty canvas, breaks, is mended, and its event becomes a test case', async ({ page, server, receiver }) => {
  const editor = new Editor(page)

  await test.step('an empty canvas', async () => {
    await page.goto('/workflows')
    await page.getByRole('button', { name: 'Make the first one' }).click()
    await page.getByRole('textbox', { name: 'Id' }).fill('cold-room-alert')
    await page.keyboard.press('Enter')
    await expect(page.getByRole('heading', { name: 'What starts it?' })).toBeVisible()
  })

  await test.step('a trigger, dragged from the palette', async () => {
    await page.getByRole('button', { name: 'Add a trigger' }).click()
    await editor.palette.getByRole('option', { name: /^MQTT message/ }).dragTo(editor.canvas, { targetPosition: { x: 560, y: 300 } })
    await expect(editor.trigger('mqtt')).toBeVisible()
    await editor.rename('reading')
    await editor.type(editor.field('topic'), 'plants/{plant}/rooms/{room}/temperature')
  })

  await test.step('a script behind it, by keyboard', async () => {
    await editor.trigger('reading').focus()
    await editor.add('script')
    await editor.rename('message')
    await expect(editor.arrow('reading', 'start', 'message')).toBeAttached()
    await page.getByRole('combobox', { name: 'Where the code stands' }).selectOption('A new TypeScript file …')
    await page.getByRole('button', { name: 'Open the script of message' }).click()
    await editor.type(page.getByRole('textbox', { name: 'Script of message' }), script)
    await page.getByRole('button', { name: 'Close the script' }).click()
  })

  await test.step('a webhook on its own, connected by dragging', async () => {
    await editor.canvas.focus()
    await page.keyboard.press('Escape')
    await editor.add('send webhook')
    await editor.rename('chat')
    await editor.type(editor.field('url'), `${receiver.url}/slack`)
    await editor.showField('body')
    await editor.type(editor.field('body'), '{ "text": "${input.text}" }')
    await expect(editor.arrow('message', 'done', 'chat')).not.toBeAttached()
    await editor.drag(editor.handle(editor.step('message'), 'done'), editor.step('chat'))
    await expect(editor.arrow('message', 'done', 'chat')).toBeAttached()
  })

  await test.step('a filter, put on an arrow', async () => {
    await editor.arrow('reading', 'start', 'message').getByText('Insert a step here').locator('..').click()
    await editor.choose('filter')
    await editor.rename('warm')
    await editor.type(editor.field('condition'), '${event.data.celsius > 8}')
  })

  await test.step('saved, after a look at what changes', async () => {
    await expect(page.getByRole('button', { name: 'No problems' })).toBeVisible()
    await page.keyboard.press('Control+s')
    const dialog = page.getByRole('dialog', { name: 'Save' })
    await expect(dialog.getByText('trigger reading added (mqtt)')).toBeVisible()
    await expect(dialog.getByText('step warm added (filter)')).toBeVisible()
    await expect(dialog.getByText('script message.ts added')).toBeVisible()
    await expect(dialog.getByRole('list', { name: 'Changes in message.ts' })).toContainText('Is the door open?')
    await dialog.getByRole('button', { name: 'Save' }).press('Enter')
    await expect(page.getByText('Saved; it is active now.', { exact: true })).toBeVisible()
    await expect(editor.status).toHaveText('Saved')

    const file: unknown = JSON.parse(await server.read('cold-room-alert.json'))
    expect(file).toEqual({
      $schema: './workflow.schema.json',
      name: 'Cold room alert',
      triggers: { reading: { type: 'mqtt', topic: 'plants/{plant}/rooms/{room}/temperature' } },
      steps: {
        message: { type: 'script', file: 'message.ts', next: 'chat' },
        chat: { type: 'webhook.send', url: `${receiver.url}/slack`, body: { text: '${input.text}' } },
        warm: { type: 'filter', condition: '${event.data.celsius > 8}', next: 'message' },
      },
    })
    expect(await server.read('message.ts')).toBe(script)
  })

  await test.step('a reading arrives, and its run is seen at once', async () => {
    await page.getByRole('link', { name: 'Runs', exact: true }).click()
    await expect(page.getByText('No runs yet.')).toBeVisible()
    await server.publish('plants/north/rooms/7/temperature', { celsius: 11.25 })
    await page.getByRole('row', { name: /succeeded cold-room-alert/ }).getByRole('link').first().click()
    for (const step of ['warm', 'message', 'chat']) await expect(page.getByRole('group', { name: new RegExp(`^step ${step},.*, succeeded$`) })).toBeVisible()
    const arrival = await receiver.next()
    expect([arrival.path, JSON.parse(arrival.body)]).toEqual(['/slack', { text: 'Room 7 of north is at 11.3 °C. Is the door open?' }])
  })

  await test.step('the script breaks, and the run says at which line', async () => {
    await page.getByRole('button', { name: 'More actions' }).click()
    await page.getByRole('menuitem', { name: "Edit the workflow with this run's data" }).click()
    await editor.step('message').click()
    await page.keyboard.press('e')
    await editor.type(page.getByRole('textbox', { name: 'Script of message' }), script.replace('event.data.celsius.toFixed', 'event.data.warmth.toFixed'))
    await expect(page.getByRole('tabpanel', { name: 'Result' }).getByRole('button', { name: 'Line 7' })).toBeVisible()
    await expect(page.getByRole('textbox', { name: 'Script of message' }).locator('.cm-line').nth(6).locator('.cm-lintRange-error')).toBeVisible()
    await editor.save()
    await server.publish('plants/north/rooms/7/temperature', { celsius: 12.5 })

    await page.getByRole('link', { name: 'Runs', exact: true }).click()
    await page.getByRole('row', { name: /failed cold-room-alert/ }).getByRole('link').first().click()
    await expect(page.getByRole('group', { name: /^step message,.*, failed$/ })).toBeVisible()
    await expect(page.getByRole('group', { name: /^step chat,.*, untouched$/ })).toBeVisible()
    const failure = page.getByRole('region', { name: 'Step message' })
    await expect(failure.getByRole('alert')).toContainText('at message.ts:7')
    await expect(failure.getByRole('listitem').filter({ hasText: 'event.data.warmth' })).toContainText("Cannot read properties of undefined (reading 'toFixed')")
  })

  await test.step('the script is mended, and the run made good', async () => {
    const failed = page.url()
    await page.getByRole('button', { name: 'More actions' }).click()
    await page.getByRole('menuitem', { name: "Edit the workflow with this run's data" }).click()
    await editor.step('message').click()
    await page.keyboard.press('e')
    await editor.type(page.getByRole('textbox', { name: 'Script of message' }), script)
    await expect(page.getByRole('tabpanel', { name: 'Result' })).toContainText('Room 7 of north is at 12.5 °C.')
    expect(await editor.save()).toEqual(['script message.ts: 1 added, 1 removed lines'])

    await page.goto(failed)
    await page.getByRole('button', { name: 'Retry from message' }).click()
    await expect(page.getByText('The run goes on from the failed step.', { exact: true })).toBeVisible()
    await page.getByRole('tab', { name: 'Links' }).click()
    await expect(page.getByRole('tabpanel', { name: 'Links' })).toContainText('retryRun')
    await expect(page.getByRole('group', { name: /^step chat,.*, succeeded$/ })).toBeVisible()
    expect(JSON.parse((await receiver.next()).body)).toEqual({ text: 'Room 7 of north is at 12.5 °C. Is the door open?' })
  })

  await test.step('its event becomes a test case', async () => {
    await page.getByRole('button', { name: 'Save as test case' }).click()
    const dialog = page.getByRole('dialog', { name: 'Save as test case' })
    await dialog.getByRole('textbox', { name: 'Name' }).fill('A warm room')
    await dialog.getByRole('checkbox', { name: 'Also expect what the steps put out' }).check()
    await page.keyboard.press('Enter')
    await expect(page.getByText('Saved as “A warm room” in cold-room-alert.tests.json.', { exact: true })).toBeVisible()
    expect(JSON.parse(await server.read('cold-room-alert.tests.json'))).toMatchObject({
      cases: {
        'A warm room': {
          trigger: 'reading',
          event: { data: { celsius: 12.5 }, params: { plant: 'north', room: '7' } },
          expect: { state: 'succeeded', steps: { warm: { outcome: 'done' }, message: { outcome: 'done', output: { text: 'Room 7 of north is at 12.5 °C. Is the door open?' } } } },
        },
      },
    })
    await page.getByRole('link', { name: 'Workflows' }).click()
    await expect(page.getByRole('row', { name: /Cold room alert/ })).toContainText('active')
  })
})
