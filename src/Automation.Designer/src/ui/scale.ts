/** The top of an axis that begins at 0: at least `value`, and a round number (1, 2, 2.5 or 5 times a power of ten); of counts, one whose half is whole too. */
export function roundTop(value: number, ofCounts = false): number {
  if (ofCounts && value <= 10) return Math.max(2, 2 * Math.ceil(value / 2))
  if (!(value > 0)) return 1
  const power = 10 ** Math.floor(Math.log10(value))
  for (const step of [1, 2, 2.5, 5, 10]) if (step * power >= value * 0.999_999) return step * power
  return 10 * power
}

/** For each point the sums of the series up to and with each: what stacked bars end at. */
export function stacked(series: readonly (readonly (number | null)[])[]): number[][] {
  const length = series[0]?.length ?? 0
  const sums = new Array<number>(length).fill(0)
  return series.map((values) => values.map((value, index) => (sums[index] = (sums[index] ?? 0) + (value ?? 0))))
}

/** Only the values with a gap on both sides. */
export const alone = (values: readonly (number | null)[]): (number | null)[] => values.map((value, index) => ((values[index - 1] ?? null) === null && (values[index + 1] ?? null) === null ? value : null))

/** The path of a line through points; a missing value is a gap. */
export function linePath(values: readonly (number | null)[], x: (index: number) => number, y: (value: number) => number): string {
  let path = ''
  let isDown = false
  values.forEach((value, index) => {
    if (value === null) {
      isDown = false
      return
    }
    path += `${isDown ? 'L' : 'M'}${x(index).toFixed(1)} ${y(value).toFixed(1)}${isDown ? '' : 'h0'}` // h0: a point between gaps is a dot
    isDown = true
  })
  return path
}
