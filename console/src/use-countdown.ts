import { onScopeDispose, type Ref, readonly, ref } from 'vue'

/** Counts whole seconds down to 0. */
export function useCountdown(): { readonly seconds: Readonly<Ref<number>>; countFrom(start: number): void } {
  const seconds = ref(0)
  let timer: ReturnType<typeof setInterval> | undefined

  function tick(): void {
    seconds.value -= 1
    if (seconds.value <= 0) clearInterval(timer)
  }

  function countFrom(start: number): void {
    clearInterval(timer)
    seconds.value = start
    if (start > 0) timer = setInterval(tick, 1000)
  }

  onScopeDispose(() => clearInterval(timer))
  return { seconds: readonly(seconds), countFrom }
}
