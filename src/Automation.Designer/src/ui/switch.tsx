import { Switch as Radix } from 'radix-ui'
import styles from './switch.module.css'

interface SwitchProps {
  label: string
  checked: boolean
  disabled?: boolean
  onChange: (checked: boolean) => void
}

export function Switch({ label, checked, disabled = false, onChange }: SwitchProps) {
  return (
    <Radix.Root aria-label={label} className={styles.root ?? ''} checked={checked} disabled={disabled} onCheckedChange={onChange}>
      <Radix.Thumb className={styles.thumb ?? ''} />
    </Radix.Root>
  )
}
