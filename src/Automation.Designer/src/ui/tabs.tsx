import { Tabs as Radix } from 'radix-ui'
import type { ReactNode } from 'react'
import { NavLink } from 'react-router'
import styles from './tabs.module.css'

interface TabsProps {
  label: string
  tabs: readonly { id: string; label: ReactNode; content: ReactNode }[]
  value: string
  onChange: (id: string) => void
}

/** Panels of which one is shown. */
export function Tabs({ label, tabs, value, onChange }: TabsProps) {
  return (
    <Radix.Root value={value} onValueChange={onChange} className={styles.root ?? ''}>
      <Radix.List aria-label={label} className={styles.list ?? ''}>
        {tabs.map((tab) => (
          <Radix.Trigger key={tab.id} value={tab.id} className={styles.tab ?? ''}>
            {tab.label}
          </Radix.Trigger>
        ))}
      </Radix.List>
      {tabs.map((tab) => (
        <Radix.Content key={tab.id} value={tab.id} className={styles.content ?? ''}>
          {tab.content}
        </Radix.Content>
      ))}
    </Radix.Root>
  )
}

/** Pages that belong together, each with an address of its own. */
export function LinkTabs({ label, tabs }: { label: string; tabs: readonly { to: string; label: string; end?: boolean }[] }) {
  return (
    <nav aria-label={label} className={styles.list}>
      {tabs.map((tab) => (
        <NavLink key={tab.to} to={tab.to} end={tab.end ?? false} className={styles.tab ?? ''}>
          {tab.label}
        </NavLink>
      ))}
    </nav>
  )
}
