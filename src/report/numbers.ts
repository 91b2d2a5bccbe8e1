/** Numbers for people: grouped digits, rates, sizes, durations. */

/** `7,390,732`. */
export function formatCount(count: number): string {
  return String(count).replaceAll(/\B(?=(\d{3})+$)/g, ',')
}

/** Three digits and a unit: `0.97 M`, `6.71 M`, `45.2 k`, `812`. */
export function formatRate(perSecond: number): string {
  for (const [unit, size] of [
    ['G', 1e9],
    ['M', 1e6],
    ['k', 1e3],
  ] as const)
    if (perSecond >= size * 0.9995) return `${threeDigits(perSecond / size)} ${unit}`
  return String(Math.round(perSecond))
}

/** `1.5 GiB`, `320 MiB`, `64 KiB`. */
export function formatBytes(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB']
  let unit = 0
  let value = bytes
  for (; value >= 1023.5 && unit < units.length - 1; unit++) value /= 1024
  return `${unit === 0 ? String(value) : threeDigits(value)} ${units[unit] ?? ''}`
}

/** `0.05 s`, `12.3 s`, `2:05 min`, `1:02:05 h`. */
export function formatSeconds(seconds: number): string {
  if (seconds < 60) return `${seconds < 9.995 ? seconds.toFixed(2) : seconds.toFixed(1)} s`
  const whole = Math.round(seconds)
  const two = (n: number): string => String(Math.floor(n)).padStart(2, '0')
  if (whole < 3600) return `${Math.floor(whole / 60)}:${two(whole % 60)} min`
  return `${Math.floor(whole / 3600)}:${two((whole % 3600) / 60)}:${two(whole % 60)} h`
}

function threeDigits(value: number): string {
  if (value >= 99.95) return String(Math.round(value))
  return value >= 9.995 ? value.toFixed(1) : value.toFixed(2)
}
