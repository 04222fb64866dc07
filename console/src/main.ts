import { createApp } from 'vue'
import App from './App.vue'
import { apiKey, createApi } from './api/api.ts'
import { createRequest } from './api/request.ts'
import { createSession, type SessionKeeper } from './session.ts'
import './styles/index.css'

start()

function start(): void {
  // The session needs the requests and the requests report to the session: the later one is reached through a closure.
  const request = createRequest(
    (input, init) => fetch(input, init),
    () => keeper.end(),
  )
  const api = createApi(request)
  const keeper: SessionKeeper = createSession(api)
  createApp(App, { keeper }).provide(apiKey, api).mount('#app')
}
