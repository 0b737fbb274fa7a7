import type { ButtonHTMLAttributes, MouseEvent, ReactNode } from 'react'
import styles from './button.module.css'

/** Why a button cannot be pressed now. It is shown as its tooltip; the button stays reachable by keyboard, so that everybody can read it. */
export interface Refusable {
  reason?: string | undefined
}

interface ButtonProps extends ButtonHTMLAttributes<HTMLButtonElement>, Refusable {
  kind?: 'plain' | 'primary' | 'danger' | 'quiet'
  icon?: ReactNode
}

export function Button({ kind = 'plain', icon, children, className, type = 'button', reason, onClick, title, ...rest }: ButtonProps) {
  return (
    <button type={type} className={[styles.button, styles[kind], className].filter(Boolean).join(' ')} title={title} {...refusing(reason, onClick)} {...rest}>
      {icon}
      {children}
    </button>
  )
}

interface IconButtonProps extends ButtonHTMLAttributes<HTMLButtonElement>, Refusable {
  label: string
}

/** A button that is only an icon; its label is for people who cannot see it, and its tooltip. */
export function IconButton({ label, children, className, reason, onClick, ...rest }: IconButtonProps) {
  return (
    <button type="button" aria-label={label} title={label} className={[styles.icon, className].filter(Boolean).join(' ')} {...refusing(reason, onClick)} {...rest}>
      {children}
    </button>
  )
}

function refusing(reason: string | undefined, onClick: ((event: MouseEvent<HTMLButtonElement>) => void) | undefined) {
  if (reason === undefined) return onClick ? { onClick } : {}
  return { 'aria-disabled': true, title: reason, 'aria-description': reason, onClick: (event: MouseEvent) => event.preventDefault() }
}
