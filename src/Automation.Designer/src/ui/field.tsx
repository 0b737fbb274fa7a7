import { useId, type InputHTMLAttributes, type ReactNode, type SelectHTMLAttributes, type TextareaHTMLAttributes } from 'react'
import styles from './field.module.css'

/** A field in one line. One that stands below a label of its own, and so has an id, has the label as its name and `label` as an example of what to write. */
export function TextField({ label, className, ...rest }: InputHTMLAttributes<HTMLInputElement> & { label: string }) {
  return <input aria-label={rest.id ? undefined : label} placeholder={label} spellCheck={false} className={[styles.field, className].filter(Boolean).join(' ')} {...rest} />
}

interface SelectProps extends Omit<SelectHTMLAttributes<HTMLSelectElement>, 'onChange'> {
  label: string
  options: readonly { value: string; label: string }[]
  onChoose: (value: string) => void
}

export function Select({ label, options, onChoose, ...rest }: SelectProps) {
  return (
    <select aria-label={rest.id ? undefined : label} className={styles.field} onChange={(event) => onChoose(event.target.value)} {...rest}>
      {options.map((option) => (
        <option key={option.value} value={option.value}>
          {option.label}
        </option>
      ))}
    </select>
  )
}

/** A field of a form, with its name above and help below. */
export function Labelled({ label, help, children }: { label: string; help?: ReactNode; children: (id: string) => ReactNode }) {
  const id = useId()
  return (
    <div className={styles.labelled}>
      <label htmlFor={id}>{label}</label>
      {children(id)}
      {help ? <small>{help}</small> : null}
    </div>
  )
}

export const TextArea = ({ className, ...rest }: TextareaHTMLAttributes<HTMLTextAreaElement>) => <textarea spellCheck={false} className={[styles.field, styles.area, className].filter(Boolean).join(' ')} {...rest} />

export function Checkbox({ label, ...rest }: InputHTMLAttributes<HTMLInputElement> & { label: ReactNode }) {
  return (
    <label className={styles.check}>
      <input type="checkbox" {...rest} />
      {label}
    </label>
  )
}
