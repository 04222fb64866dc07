import { type Browser, chromium, type Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { mine, rows, rowsOf } from './birdstrikes.ts'
import { removeHome, type Started, startLaputa } from './started.ts'

const builders = ['demo-admin', 'demo-contributor']
const charts = ['over-time', 'by-species', 'damage-by-phase', 'per-million']

/** Where the browser is: `scripts/test.ts` finds it, and says so when there is none. */
const executablePath = process.env.LAPUTA_TEST_CHROMIUM

const flags = ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking', '--disable-sync']

/** A browser of its own for one person, with everything that went wrong in it or left for another host. */
interface Visit {
  readonly page: Page
  readonly faults: string[]
  close(): Promise<void>
}

describe.runIf(executablePath)('the console in a browser', () => {
  let started: Started
  let browser: Browser

  beforeAll(async () => {
    started = await startLaputa()
    browser = await chromium.launch({ executablePath: executablePath ?? '', args: flags })
  })

  afterAll(async () => {
    await browser?.close()
    await started?.stop()
    if (started) removeHome(started.home)
  })

  async function visit(viewport = { width: 1280, height: 900 }): Promise<Visit> {
    const context = await browser.newContext({ viewport, isMobile: viewport.width < 600, reducedMotion: 'reduce' })
    const page = await context.newPage()
    const faults: string[] = []
    page.on('pageerror', (error) => faults.push(`error: ${error.message}`))
    page.on('console', (message) => {
      // Breaches of the content security policy are told here too. So are refused requests, and two are meant to be refused:
      // the first question "who am I?" and the wrong password.
      const expected = /status of 401/.test(message.text()) && /\/(me|login)$/.test(message.location().url)
      if (['error', 'warning'].includes(message.type()) && !expected) faults.push(`console: ${message.text()}`)
    })
    page.on('request', (request) => {
      if (new URL(request.url()).origin !== started.url) faults.push(`another host: ${request.url()}`)
    })
    await page.goto(`${started.url}/console/`)
    return { page, faults, close: () => context.close() }
  }

  async function enter(page: Page, username: string, password = started.credentials[username] ?? ''): Promise<void> {
    await page.getByLabel('Username').fill(username)
    await page.getByLabel('Password').fill(password)
    await page.getByRole('button', { name: 'Sign in' }).click()
  }

  /** Until the line, the filter, every chart and the table have their answers. */
  async function settled(page: Page): Promise<void> {
    await page.waitForSelector('#whose-rows[data-state="ready"]')
    await page.waitForSelector('[data-state="loading"]', { state: 'detached' })
  }

  async function signedIn(username: string, viewport?: { width: number; height: number }): Promise<Visit> {
    const visiting = await visit(viewport)
    await enter(visiting.page, username)
    await settled(visiting.page)
    return visiting
  }

  const counts = (page: Page) =>
    page.locator('#whose-rows').evaluate((line) => {
      const { user, total, shown, domainTotal } = line.dataset
      return { user, total: Number(total), shown: Number(shown), domainTotal: domainTotal ?? null }
    })

  /** First column and numbers of a chart, from the table that screen readers get. */
  const numbers = (page: Page, chart: string) =>
    page
      .locator(`#chart-${chart}-numbers tbody tr`)
      .evaluateAll((lines) =>
        lines.map((line) => [...line.children].map((cell) => cell.textContent?.replaceAll(',', '').trim() ?? '')),
      )

  const column = (page: Page, name: string) =>
    page.locator('#rows-table').evaluate((table, wanted) => {
      const index = [...table.querySelectorAll('thead th')].findIndex((th) => th.textContent?.trim() === wanted)
      return [...table.querySelectorAll('tbody tr')].map((row) => row.children[index]?.textContent?.trim() ?? '')
    }, name)

  const sum = (lines: readonly string[][]) =>
    lines.flatMap(([, ...values]) => values).reduce((total, value) => total + (Number(value) || 0), 0)

  describe.each(Object.keys(mine))('as %s', (username) => {
    const expected = rowsOf(username)
    let visiting: Visit
    beforeAll(async () => {
      visiting = await signedIn(username)
    })
    afterAll(() => visiting?.close())

    it('says whose rows these are, and how many', async () => {
      const { page } = visiting
      const total = builders.includes(username) ? String(rows.length) : null
      expect(await counts(page)).toEqual({
        user: username,
        total: expected.length,
        shown: expected.length,
        domainTotal: total,
      })
      const words = await page.locator('#whose-rows').textContent()
      expect(words).toContain(`Rows of ${username} in production: `)
      expect(words).toContain(expected.length.toLocaleString('en'))
      if (!builders.includes(username)) expect(words).not.toContain(rows.length.toLocaleString('en'))
    })

    it('shows these rows and no others in the table', async () => {
      const { page } = visiting
      expect(await page.locator('#rows-table').getAttribute('data-total')).toBe(String(expected.length))
      expect(await page.locator('#rows-status').textContent()).toBe(
        `Rows 1 to 50 of ${expected.length.toLocaleString('en')}`,
      )
      const states = await column(page, 'Origin State')
      const airlines = await column(page, 'Aircraft Airline Operator')
      const shown = states.map((state, index) => ({
        'Origin State': state,
        'Aircraft Airline Operator': airlines[index] ?? '',
      }))
      expect(shown).toHaveLength(50)
      expect(shown.every(mine[username] ?? (() => false))).toBe(true)
    })

    it('draws them in four charts', async () => {
      const { page } = visiting
      for (const chart of charts) {
        expect(await page.locator(`#chart-${chart}`).getAttribute('data-state')).toBe('ready')
        expect(await page.locator(`#chart-${chart} canvas`).count()).toBe(1)
      }
      expect(sum(await numbers(page, 'over-time'))).toBe(expected.length)
      const damaged = expected.filter((row) =>
        ['Minor', 'Medium', 'Substantial'].includes(row['Effect Amount of damage'] ?? ''),
      )
      expect(sum(await numbers(page, 'damage-by-phase'))).toBe(damaged.length)
      const joined = (await numbers(page, 'per-million')).map(([state]) => state)
      const own = new Set(expected.map((row) => row['Origin State']))
      expect(joined.length).toBeGreaterThan(0)
      expect(joined.every((state) => own.has(state))).toBe(true)
    })

    it('offers staging to builders only', async () => {
      expect(await visiting.page.locator('#stage-switch').count()).toBe(builders.includes(username) ? 1 : 0)
    })

    it('filters the whole page, and never beyond these rows', async () => {
      const { page } = visiting
      const [state = ''] = expected.map((row) => row['Origin State'])
      const chosen = expected.filter((row) => row['Origin State'] === state)
      await page.selectOption('#filter-select', `is:${state}`)
      await page.waitForSelector(`#rows-table[data-state="ready"][data-total="${chosen.length}"]`)
      await settled(page)
      expect(await counts(page)).toMatchObject({ total: expected.length, shown: chosen.length })
      expect(new Set(await column(page, 'Origin State'))).toEqual(new Set([state]))
      expect(sum(await numbers(page, 'over-time'))).toBe(chosen.length)
      await page.getByRole('button', { name: 'Show all' }).click()
      await settled(page)
      expect(await counts(page)).toMatchObject({ shown: expected.length })
    })

    it('had no error, no violation of the policy and no request to another host', () => {
      expect(visiting.faults).toEqual([])
    })
  })

  const look = async (page: Page) => {
    await page.click('#view-as-look')
    await page.waitForSelector('#view-as-leave')
    await settled(page)
  }

  it('tells a viewer that rules took part, and nothing of any rule', async () => {
    const { page, faults, close } = await signedIn('texas-viewer')
    const words = (await page.locator('#explain').textContent()) ?? ''
    expect(words).toContain('Your own view, texas-viewer')
    expect(words).toContain('Rules limit what you see of this data.')
    expect(words).not.toMatch(/Origin State|DELTA|California|group/i)
    expect(await page.locator('#explain').getAttribute('data-cache')).toMatch(/^(hit|miss)$/)
    expect(await page.locator('#view-as-open').count()).toBe(0)
    expect(faults).toEqual([])
    await close()
  })

  it('tells a builder which rules applied, and shows the page as somebody else', async () => {
    const { page, faults, close } = await signedIn('demo-contributor')
    expect(await page.locator('#explain .explain-domain').getAttribute('data-where')).toBe('pushed')
    expect(await page.locator('#explain').textContent()).toContain('Records are about you:')
    // By keyboard alone, from the heading of the fold to the button.
    await page.locator('#view-as-open').focus()
    await page.keyboard.press('Enter')
    await page.keyboard.press('Tab')
    await page.keyboard.press('Tab')
    await page.keyboard.type('texas-viewer')
    await page.keyboard.press('Enter')
    await page.waitForSelector('#view-as-leave')
    await settled(page)
    const expected = rowsOf('texas-viewer')
    expect(await counts(page)).toEqual({
      user: 'texas-viewer',
      total: expected.length,
      shown: expected.length,
      domainTotal: String(rows.length),
    })
    expect(new Set(await column(page, 'Origin State'))).toEqual(new Set(['Texas']))
    expect(sum(await numbers(page, 'over-time'))).toBe(expected.length)
    expect(await page.locator('#explain').textContent()).toContain('Rules of texas-viewer')
    await page.click('#view-as-leave')
    await settled(page)
    expect(await counts(page)).toMatchObject({ user: 'demo-contributor', total: rows.length })
    expect(faults).toEqual([])
    await close()
  })

  it('looks with groups and attributes, and says in words what it cannot take', async () => {
    const { page, faults, close } = await signedIn('demo-admin')
    await page.click('#view-as-open')
    await page.getByText('Groups and attributes', { exact: true }).click()
    await page.fill('#view-as-attributes', 'no value')
    await page.click('#view-as-look')
    expect(await page.locator('#view-as-message').textContent()).toContain('is written as "name = value"')
    await page.fill('#view-as-groups', 'nobody-is-here')
    await page.fill('#view-as-attributes', '')
    await look(page)
    expect(await counts(page)).toMatchObject({ total: 0 })
    await page.click('#view-as-leave')
    await settled(page)
    expect(await counts(page)).toMatchObject({ total: rows.length })
    expect(faults).toEqual([])
    await close()
  })

  it('turns pages and sorts by a column', async () => {
    const { page, faults, close } = await signedIn('texas-viewer')
    const expected = rows.filter((row) => row['Origin State'] === 'Texas')
    await page.click('#rows-next')
    await page.waitForSelector('#rows-table[data-state="ready"][data-offset="50"]')
    expect(await page.locator('#rows-status').textContent()).toContain('Rows 51 to 100 of')
    const head = page.getByRole('button', { name: 'Cost Total $' })
    await head.click()
    await head.click()
    await page.waitForSelector('#rows-table[data-state="ready"][data-offset="0"]')
    expect(await page.locator('th[aria-sort="descending"]').textContent()).toContain('Cost Total $')
    const costs = (await column(page, 'Cost Total $▼')).map((cost) => Number(cost.replaceAll(',', '')))
    const dearest = expected.map((row) => Number(row['Cost Total $'])).sort((a, b) => b - a)
    expect(costs).toEqual(dearest.slice(0, 50))
    expect(faults).toEqual([])
    await close()
  })

  it('shows another domain with charts derived from its columns', async () => {
    const { page, faults, close } = await signedIn('texas-viewer')
    await page.selectOption('#domain-select', 'states')
    await page.waitForSelector('#rows-table[data-state="ready"][data-total="52"]')
    await settled(page)
    expect(await page.locator('.chart[data-state="ready"]').count()).toBeGreaterThan(0)
    await page.reload()
    await settled(page)
    expect(await page.locator('#domain-select').inputValue()).toBe('states')
    expect(faults).toEqual([])
    await close()
  })

  it('refuses a wrong password in words, and works by keyboard alone', async () => {
    const { page, faults, close } = await visit()
    await enter(page, 'texas-viewer', 'wrong')
    await page.waitForSelector('#sign-in-message.message-bad')
    expect(await page.getByRole('alert').textContent()).toContain('Sign-in failed')
    // The form has put the cursor back into the password.
    await page.keyboard.type(started.credentials['texas-viewer'] ?? '')
    await page.keyboard.press('Enter')
    await settled(page)
    await page.keyboard.press('Shift+Tab')
    expect(await page.locator(':focus').getAttribute('id')).toBe('sign-out')
    await page.keyboard.press('Enter')
    await page.waitForSelector('#sign-in')
    expect(await page.locator('#sign-in-message').textContent()).toContain('You are signed out.')
    await page.reload()
    await page.waitForSelector('#sign-in')
    expect(faults).toEqual([])
    await close()
  })

  it('returns to the sign-in form when the session is over', async () => {
    const { page, close } = await signedIn('texas-viewer')
    await page.context().clearCookies()
    await page.click('#rows-next')
    await page.waitForSelector('#sign-in')
    expect(await page.locator('#sign-in-message').textContent()).toContain('Your session has ended.')
    expect(await page.locator('#rows-table').count()).toBe(0)
    await close()
  })

  it('shows builders what goes on as it happens, and lets them start it', async () => {
    const { page, faults, close } = await signedIn('demo-contributor')
    await page.waitForSelector('#operations[data-live="live"]')
    const colleague = await signedIn('demo-admin')
    await colleague.page.waitForSelector('#operations[data-live="live"]')
    await page.focus('#publish')
    await page.keyboard.press('Enter')
    for (const one of [page, colleague.page]) {
      const mine = one.locator('.operation[data-state="done"]', { hasText: 'by demo-contributor' })
      await mine.waitFor()
      expect(await mine.textContent()).toContain('Publication, production')
    }
    const viewer = await signedIn('texas-viewer')
    expect(await viewer.page.locator('#operations').count()).toBe(0)
    expect([...faults, ...colleague.faults, ...viewer.faults]).toEqual([])
    await Promise.all([close(), colleague.close(), viewer.close()])
  })

  it.each(['texas-viewer', 'demo-contributor'])('fits a phone without scrolling sideways: %s', async (username) => {
    const { page, faults, close } = await signedIn(username, { width: 390, height: 844 })
    if (builders.includes(username)) {
      await page.click('#view-as-open')
      await page.fill('#view-as-user', 'states-viewer')
      await look(page)
    }
    const width = await page.locator('html').evaluate((html) => html.scrollWidth)
    expect(width).toBeLessThanOrEqual(390)
    expect(faults).toEqual([])
    await close()
  })
})
