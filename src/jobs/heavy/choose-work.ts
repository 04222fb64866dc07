import type { HeavyWork } from '../port.ts'

/** In a process of its own where whoever asks wants that (`isolate`), in this one otherwise. */
export function chooseWork({ inline, child }: { inline: HeavyWork; child: HeavyWork }): HeavyWork {
  return {
    run: (name, payload, about) => (about.isolate ? child : inline).run(name, payload, about),
    async close() {
      await Promise.all([inline.close(), child.close()])
    },
  }
}
