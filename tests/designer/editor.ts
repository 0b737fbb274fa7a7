import { expect, type Locator, type Page } from '@playwright/test'

/** The editor of a workflow, used as people use it: by mouse, keys and what is written on things. */
export class Editor {
  constructor(readonly page: Page) {}

  /** Opens the workflow by its address. */
  async open(id: string): Promise<void> {
    await this.page.goto(`/workflows/${encodeURIComponent(id)}`)
    await expect(this.canvas.getByRole('application')).toBeVisible() // not before its view is where it begins
  }

  get canvas(): Locator {
    return this.page.getByRole('group', { name: 'Canvas: steps and triggers of the workflow' })
  }

  /** The bar's words about what is saved. */
  get status(): Locator {
    return this.page.locator('header').getByRole('status')
  }

  get palette(): Locator {
    return this.page.getByRole('region', { name: 'Add a step' })
  }

  /** A step by its id, or its name where it has one. */
  step(id: string): Locator {
    return this.canvas.getByRole('group', { name: new RegExp(`^step ${id},`) })
  }

  trigger(id: string): Locator {
    return this.canvas.getByRole('group', { name: new RegExp(`^trigger ${id},`) })
  }

  arrow(from: string, outcome: string, to: string): Locator {
    return this.canvas.getByRole('group', { name: `${outcome} of ${from} leads to ${to}`, exact: true })
  }

  /** A step's or trigger's handle of an outcome. */
  handle(node: Locator, outcome: string): Locator {
    return node.getByTitle(new RegExp(`^${outcome}:`))
  }

  /** A field of the form: its input, of whatever kind. */
  field(name: string): Locator {
    return this.page.getByRole('group', { name, exact: true }).locator('.cm-content, input, select').first()
  }

  /** Shows the fields that are seldom set, this one among them. */
  async showField(name: string): Promise<void> {
    await this.page.getByRole('button', { name: new RegExp(`^\\d+ more: .*\\b${name}\\b`) }).click()
  }

  /** Replaces what a field holds by typing. */
  async type(field: Locator, text: string): Promise<void> {
    await field.click()
    await this.page.keyboard.press('Control+a')
    await this.page.keyboard.press('Delete')
    await this.page.keyboard.insertText(text)
  }

  /** Adds what the palette finds for some words, by keyboard, where the selection says. */
  async add(words: string): Promise<void> {
    await this.page.keyboard.press('a')
    await this.choose(words)
  }

  /** Chooses in the open palette by keyboard. */
  async choose(words: string): Promise<void> {
    await expect(this.palette).toBeVisible()
    await this.page.keyboard.type(words)
    await this.page.keyboard.press('Enter')
    await expect(this.palette).toBeHidden()
  }

  /** Gives the selected step or trigger another id. */
  async rename(to: string): Promise<void> {
    const id = this.page.getByRole('textbox', { name: /^Id of the/ })
    await id.fill(to)
    await id.press('Enter')
    await expect(id).toHaveValue(to)
  }

  /** Drags from one thing's middle to another's as a hand does: pressed, moved in steps, let go. */
  async drag(from: Locator, to: Locator | { x: number; y: number }): Promise<void> {
    const start = await middleOf(from)
    const end = 'x' in to ? to : await middleOf(to)
    await this.page.mouse.move(start.x, start.y)
    await this.page.mouse.down()
    await this.page.mouse.move((start.x + end.x) / 2, (start.y + end.y) / 2, { steps: 6 })
    await this.page.mouse.move(end.x, end.y, { steps: 6 })
    await this.page.mouse.up()
  }

  /** Saves by keyboard, after looking at what the dialog says will change; gives its words. */
  async save(): Promise<string[]> {
    await this.page.keyboard.press('Control+s')
    const dialog = this.page.getByRole('dialog', { name: 'Save' })
    const words = await dialog.getByRole('list').first().getByRole('listitem').allInnerTexts()
    await this.page.keyboard.press('Enter')
    await expect(dialog).toBeHidden()
    await expect(this.status).toHaveText('Saved')
    return words
  }
}

export async function middleOf(thing: Locator): Promise<{ x: number; y: number }> {
  const box = await thing.boundingBox()
  if (!box) throw new Error(`${thing} is not to be seen.`)
  return { x: box.x + box.width / 2, y: box.y + box.height / 2 }
}
