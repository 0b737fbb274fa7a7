const key = 'automation.theme'
const themes = ['system', 'light', 'dark'] as const

export type Theme = (typeof themes)[number]

export function theme(): Theme {
  const stored = localStorage.getItem(key)
  return themes.find((known) => known === stored) ?? 'system'
}

export function setTheme(wanted: Theme): void {
  localStorage.setItem(key, wanted)
  startTheme()
}

/** Puts the stored theme in force; `system` leaves it to the browser. */
export function startTheme(): void {
  const wanted = theme()
  if (wanted === 'system') delete document.documentElement.dataset['theme']
  else document.documentElement.dataset['theme'] = wanted
}

/** The one after this, for a button that goes through them. */
export const nextTheme = (current: Theme): Theme => themes[(themes.indexOf(current) + 1) % themes.length] ?? 'system'
