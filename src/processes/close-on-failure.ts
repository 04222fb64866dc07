import type { Product } from './product.ts'

/** Goes on with a product that was opened; what fails half-way closes it. */
export async function closeOnFailure<T>({ close }: Pick<Product, 'close'>, goOn: () => Promise<T>): Promise<T> {
  try {
    return await goOn()
  } catch (error) {
    await close()
    throw error
  }
}
