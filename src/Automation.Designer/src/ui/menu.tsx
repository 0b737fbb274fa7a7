import { EllipsisVertical } from 'lucide-react'
import { DropdownMenu } from 'radix-ui'
import type { ReactNode } from 'react'
import type { Refusable } from './button'
import buttons from './button.module.css'
import styles from './menu.module.css'

export interface MenuItem extends Refusable {
  label: string
  icon?: ReactNode
  danger?: boolean
  onChoose: () => void
}

/** Actions behind a button with three dots, for rows and headings that have more than one. */
export function Menu({ label, items }: { label: string; items: readonly MenuItem[] }) {
  return (
    <DropdownMenu.Root modal={false}>
      <DropdownMenu.Trigger className={buttons.icon ?? ''} aria-label={label} title={label}>
        <EllipsisVertical aria-hidden />
      </DropdownMenu.Trigger>
      <DropdownMenu.Portal>
        <DropdownMenu.Content align="end" sideOffset={4} className={styles.menu ?? ''}>
          {items.map(({ label: text, icon, danger, reason, onChoose }) => (
            <DropdownMenu.Item key={text} className={`${styles.item} ${danger ? styles.danger : ''}`} disabled={reason !== undefined} title={reason} onSelect={onChoose}>
              {icon}
              <span>
                {text}
                {reason ? <small>{reason}</small> : null}
              </span>
            </DropdownMenu.Item>
          ))}
        </DropdownMenu.Content>
      </DropdownMenu.Portal>
    </DropdownMenu.Root>
  )
}
