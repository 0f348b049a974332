export { type Bus, type BusConnection, openBus, publishIn } from './bus.ts'
export { type EventFeed, type FeedEvent, openFeed } from './feed.ts'
export { redeem } from './tickets.ts'
