import { type Ref, readonly, ref } from 'vue'

/** Work behind a button: while it goes on, asking again does nothing; afterwards, whatever came of it, it can be asked for again. */
export function useOnce<Args extends readonly unknown[]>(
  work: (...args: Args) => Promise<void>,
): { readonly busy: Readonly<Ref<boolean>>; ask(...args: Args): Promise<void> } {
  const busy = ref(false)

  async function ask(...args: Args): Promise<void> {
    if (busy.value) return
    busy.value = true
    try {
      await work(...args)
    } finally {
      busy.value = false
    }
  }

  return { busy: readonly(busy), ask }
}
